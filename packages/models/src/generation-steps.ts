import {
  type ComputeBackend,
  type Data,
  type Tensor,
  type TensorSpec,
  type TracedFunction,
  tf,
} from '@tributary/engine';
import { generationStart, targetTable, targetTableSpecs } from './generation-start.js';
import type { HeadViews } from './head.js';
import { parameterViews } from './parameter-views.js';
import type { StepInput } from './sequence-input.js';
import { floats, ints, sourceSpecs, type TaskGraph } from './task-functions.js';
import type { TaskParameters } from './task-runs.js';
import { tokenMask } from './token-mask.js';

/**
 * Steps in one call: every call copies the task's parameters in, so a few steps share the copy. Rows that end within the
 * four cost at most three idle steps.
 */
export const stepsPerCall = 4;

/** A source to generate for. */
export interface SourceData {
  /** i32[B, S] */
  readonly source: Int32Array;
  /** f32[B, S, F]; where the task reads features */
  readonly sourceFeatures?: Float32Array | undefined;
}

/** How the output of one step becomes what is fed to the next. */
export interface Feedback {
  /** What is fed to the first step. */
  readonly first: Data;
  readonly spec: TensorSpec;
  /** For a few steps on the same parameters. */
  inputs(views: HeadViews): (previous: Tensor) => StepInput;
  /** What a step puts out. */
  emit(views: HeadViews, outputs: readonly Tensor[]): Tensor;
}

/** Generation by the functions of one batch shape, traced when first needed. */
export interface GenerationSteps {
  /**
   * @param visit takes what the next `stepsPerCall` steps put out, [B, stepsPerCall, …], of which the first step is number
   *   `done`; false: enough
   */
  run(
    parameters: TaskParameters,
    source: SourceData,
    maxLength: number,
    visit: (emitted: Data, done: number) => boolean,
  ): Promise<void>;
  dispose(): void;
}

interface Functions {
  /** [shared, task, source, …] → [...fixed, ...carried] */
  readonly encode: TracedFunction;
  /** [task, source, position i32[1], previous, …table, ...fixed, ...carried] → [emitted, last, ...carried] */
  readonly advance: TracedFunction;
}

export function generationSteps(
  graph: TaskGraph,
  task: string,
  backend: ComputeBackend,
  shape: { readonly batch: number; readonly source: number },
  feedback: Feedback,
): GenerationSteps {
  const { batch, source: length } = shape;
  const { generator, sharedLayout, layout, precision } = graph;
  const tableSpecs = graph.symbols ? targetTableSpecs(graph) : [];
  const stateStart = 4 + tableSpecs.length;
  const fixedEnd = stateStart + generator.fixedTensors;

  const trace = (room: number): Functions => {
    const label = `${task} ${batch}x${length}${room > 0 ? ` up to ${room}` : ''}`;
    const encode = backend.trace(
      `encode ${label}`,
      generationStart(graph, room),
      [floats(sharedLayout.elements), floats(layout.elements), ...sourceSpecs(graph, batch, length)],
      { precision },
    );
    const advance = backend.trace(
      `generate ${label}`,
      (inputs) => {
        const [flatTask, source, position, first] = inputs as [Tensor, Tensor, Tensor, Tensor];
        const own = parameterViews(layout, flatTask);
        const views = { own, table: graph.symbols ? inputs[4] : undefined };
        const step = generator.resume(own, tokenMask(source), inputs.slice(stateStart, fixedEnd));
        const inputOf = feedback.inputs(views);
        const start = tf.reshape(position, []);
        const emitted: Tensor[] = [];
        let carried: readonly Tensor[] = inputs.slice(fixedEnd);
        let previous = first;
        for (let index = 0; index < stepsPerCall; index++) {
          const now = index === 0 ? start : tf.add(start, tf.scalar(index, 'int32'));
          const next = step(inputOf(previous), carried, now);
          carried = next.carried;
          previous = feedback.emit(views, next.outputs);
          emitted.push(previous);
        }
        return [tf.stack(emitted, 1), previous, ...carried];
      },
      [floats(layout.elements), ints(batch, length), ints(1), feedback.spec, ...tableSpecs, ...encode.outputs],
      { precision },
    );
    return { encode, advance };
  };

  const traced = new Map<number, Functions>();
  const functionsFor = (maxLength: number): Functions => {
    // Where no position is carried, one pair of functions serves every length.
    const room = generator.carriesPositions ? Math.ceil(maxLength / stepsPerCall) * stepsPerCall : 0;
    const functions = traced.get(room) ?? trace(room);
    traced.set(room, functions);
    return functions;
  };

  return {
    async run({ shared, task: own }, { source, sourceFeatures }, maxLength, visit) {
      const { encode, advance } = functionsFor(maxLength);
      const features = sourceFeatures ? [sourceFeatures] : [];
      let state = await encode.run([shared, own, source, ...features]);
      const table = tableSpecs.map(() => targetTable(graph, { shared, task: own }));
      let previous = feedback.first;
      for (let done = 0; done < maxLength; done += stepsPerCall) {
        const inputs = [own, source, Int32Array.of(done), previous, ...table, ...state];
        const [emitted, last, ...carried] = (await advance.run(inputs)) as [Data, Data, ...Data[]];
        if (!visit(emitted, done)) return;
        state = [...state.slice(0, generator.fixedTensors), ...carried];
        previous = last;
      }
    },
    dispose() {
      for (const { encode, advance } of traced.values()) {
        encode.dispose();
        advance.dispose();
      }
      traced.clear();
    },
  };
}

/** Rows of a source that hold anything. */
export const realRows = ({ source }: SourceData, batch: number): number[] => {
  const length = source.length / batch;
  return Array.from({ length: batch }, (_, row) => row).filter((row) =>
    source.subarray(row * length, (row + 1) * length).some((id) => id !== 0),
  );
};

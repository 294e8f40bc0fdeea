import { type ComputeBackend, type Data, type Tensor, type TracedFunction, tf } from '@tributary/engine';
import { symbolSteps } from '../embedded-symbols.js';
import { generationStart, targetTable, targetTableSpecs } from '../generation-start.js';
import { parameterViews } from '../parameter-views.js';
import { floats, ints, sourceSpecs, type TaskGraph } from '../task-functions.js';
import type { TaskParameters } from '../task-runs.js';
import { tokenMask } from '../token-mask.js';

export interface DecodingShape {
  readonly rows: number;
  /** Symbols of a source. */
  readonly source: number;
  /** Most steps, where the generator carries positions; else 0. */
  readonly room: number;
}

/** What the model says after a step, row by row. */
export interface StepOutputs {
  /** f32[rows, V] */
  readonly logits: Float32Array;
  /** Logarithm of the sum of a row's exponentials, f32[rows]. */
  readonly logNormalisers: Float32Array;
  /** Weights over the source, f32[rows, S]. */
  readonly attention: Float32Array;
}

/** The steps of one batch. */
export interface DecodingRun {
  /**
   * One step.
   *
   * @param symbols what each row is fed, i32[rows]
   * @param from the row whose state each goes on from, i32[rows]
   */
  step(symbols: Int32Array, from: Int32Array): Promise<StepOutputs>;
}

/**
 * Generation step by step, for searches that choose outside of the graph: a call does one step, gathers the carried state by
 * row before it (what a beam needs), and gives all logits. The parameters are read where they lie if they were made by
 * `allocateVectors`, so a call costs no copy of them.
 */
export interface DecodingGraph {
  readonly shape: DecodingShape;
  /** @param source i32[rows, S] */
  begin(parameters: TaskParameters, source: Int32Array): Promise<DecodingRun>;
  dispose(): void;
}

export function decodingGraph(
  graph: TaskGraph,
  task: string,
  backend: ComputeBackend,
  shape: DecodingShape,
): DecodingGraph {
  const { rows, source: length, room } = shape;
  const { generator, sharedLayout, layout, precision } = graph;
  const tableSpecs = targetTableSpecs(graph);
  const stateStart = 5 + tableSpecs.length;
  const fixedEnd = stateStart + generator.fixedTensors;
  const label = `${task} ${rows}x${length}${room > 0 ? ` up to ${room}` : ''}`;

  const start = backend.trace(
    `start ${label}`,
    generationStart(graph, room),
    [floats(sharedLayout.elements), floats(layout.elements), ...sourceSpecs(graph, rows, length)],
    { precision },
  );
  /** [task, source, position i32[1], symbols, from, table, ...fixed, ...carried] → [logits, normalisers, attention, ...carried] */
  const advance = (inputs: readonly Tensor[]): Tensor[] => {
    const [flatTask, source, position, symbols, from, table] = inputs as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const own = parameterViews(layout, flatTask);
    const carried = inputs.slice(fixedEnd).map((state) => tf.gather(state, from.as1D()));
    const step = generator.resume(own, tokenMask(source), inputs.slice(stateStart, fixedEnd));
    const next = step(symbolSteps(table, rows)(symbols), carried, tf.reshape(position, []));
    const logits = graph.head.predict({ own, table }, next.outputs);
    return [logits, tf.logSumExp(logits, 1), next.attention, ...next.carried];
  };
  const state = start.outputs;
  const steps: TracedFunction = backend.trace(
    `step ${label}`,
    advance,
    [floats(layout.elements), ints(rows, length), ints(1), ints(rows), ints(rows), ...tableSpecs, ...state],
    { precision },
  );

  return {
    shape,
    async begin(parameters, source) {
      const table = targetTable(graph, parameters);
      let now = await start.run([parameters.shared, parameters.task, source]);
      let position = 0;
      return {
        async step(symbols, from) {
          const at = Int32Array.of(position++);
          const outputs = await steps.run([parameters.task, source, at, symbols, from, table, ...now]);
          const [logits, logNormalisers, attention, ...carried] = outputs as [
            Float32Array,
            Float32Array,
            Float32Array,
            ...Data[],
          ];
          now = [...now.slice(0, generator.fixedTensors), ...carried];
          return { logits, logNormalisers, attention };
        },
      };
    },
    dispose() {
      start.dispose();
      steps.dispose();
    },
  };
}

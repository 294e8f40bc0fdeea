import type { GeneratorSpec, ModelSpec } from '@tributary/config';
import type { ComputeBackend } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import { TributaryError } from '@tributary/protocol';
import { createEncoder } from './create-encoder.js';
import { createGenerator } from './create-generator.js';
import { type GreedyGenerator, greedyGenerator } from './greedy-generator.js';
import { embedding, initialValues, layoutOf } from './parameters.js';
import { evaluateFunction, type TaskGraph, trainStepFunction } from './task-functions.js';
import { type Evaluator, evaluatorOf, type TrainStep, trainStepOf } from './task-runs.js';
import { tokenHead } from './token-head.js';

/** Sizes that a function is traced for: rows, source symbols, target symbols with `</s>` and without `<s>`. */
export interface BatchShape {
  readonly batch: number;
  readonly source: number;
  readonly target: number;
}

export interface SequenceModelOptions {
  readonly model: ModelSpec;
  /** Symbols of the source vocabulary, the four special ones included; with `share: all`, of the joint vocabulary. */
  readonly sourceVocabulary: number;
  readonly tasks: readonly {
    readonly name: string;
    /** Symbols of this task's target vocabulary, the four special ones included. */
    readonly targetVocabulary: number;
    /** undefined: the model's default generator. */
    readonly generator: GeneratorSpec | undefined;
    readonly labelSmoothing: number;
  }[];
}

/**
 * A shared encoder and one attention generator for each task. All state is flat vectors; every function is pure.
 *
 * With `embedding.share: source` the source embedding lies in the shared state and each task has a target embedding of its
 * own. With `share: all` there is one table, in the shared state: sources and the targets of every task are ids of one
 * joint vocabulary (`sourceVocabulary`; a task's ids lie below its `targetVocabulary`, which is no larger), and the table's
 * gradient, a part of the shared gradient, sums what encoder and generator contribute.
 */
export interface SequenceModel {
  readonly sharedLayout: FlatLayout;
  /** f32[sharedLayout.elements]; depends on the seed and the model alone. */
  initialShared(seed: number): Float32Array;
  /** @throws TributaryError `TASK_NOT_FOUND` */
  task(name: string): TaskModel;
}

/**
 * One task's functions, each compiled for one batch shape: the caller keeps them. Padding changes neither loss nor
 * gradients, and a row of padding counts nothing.
 */
export interface TaskModel {
  readonly name: string;
  readonly layout: FlatLayout;
  /** f32[layout.elements]; depends on the seed, the model and the task's own name and sizes alone. */
  initial(seed: number): Float32Array;
  trainStep(backend: ComputeBackend, shape: BatchShape): TrainStep;
  evaluator(backend: ComputeBackend, shape: BatchShape): Evaluator;
  generator(backend: ComputeBackend, shape: { readonly batch: number; readonly source: number }): GreedyGenerator;
}

/** @throws TributaryError `SPEC_INVALID` for a joint vocabulary that does not hold a task's targets. */
export function createSequenceModel(options: SequenceModelOptions): SequenceModel {
  const { model, sourceVocabulary } = options;
  const { size, share } = model.embedding;
  const encoder = createEncoder(model.encoder, size);
  const sharedParameters = [embedding('embedding', sourceVocabulary, size), ...encoder.parameters];
  const sharedLayout = layoutOf(sharedParameters);
  const tasks = new Map(
    options.tasks.map((task): [string, TaskModel] => {
      if (share === 'all' && task.targetVocabulary > sourceVocabulary)
        throw new TributaryError(
          'SPEC_INVALID',
          `Task "${task.name}" has ${task.targetVocabulary} target symbols, but with model.embedding.share: all the joint vocabulary has only ${sourceVocabulary}; build it from all sources and targets.`,
        );
      const generator = createGenerator(task.generator ?? model.generator, model, encoder, size);
      const head = tokenHead(generator.outputParts, {
        vocabulary: task.targetVocabulary,
        labelSmoothing: task.labelSmoothing,
        tiedTo: generator.tiesOutput ? size : null,
      });
      const parameters = [
        ...(share === 'all' ? [] : [embedding('embedding', task.targetVocabulary, size)]),
        ...generator.parameters,
        ...head.parameters,
      ];
      const graph: TaskGraph = {
        encoder,
        generator,
        head,
        sharedLayout,
        layout: layoutOf(parameters),
        joint: share === 'all',
      };
      const inputs = (batch: BatchShape) =>
        [
          { shape: [sharedLayout.elements], dtype: 'float32' },
          { shape: [graph.layout.elements], dtype: 'float32' },
          { shape: [batch.batch, batch.source], dtype: 'int32' },
          { shape: [batch.batch, batch.target + 1], dtype: 'int32' },
        ] as const;
      const label = (kind: string, batch: BatchShape): string =>
        `${kind} ${task.name} ${batch.batch}x${batch.source}x${batch.target}`;
      return [
        task.name,
        {
          name: task.name,
          layout: graph.layout,
          initial: (seed) => initialValues(parameters, seed, `task/${task.name}`),
          trainStep: (backend, batch) =>
            trainStepOf(
              backend.trace(label('train', batch), trainStepFunction(graph), [
                ...inputs(batch),
                { shape: [3], dtype: 'int32' },
              ]),
            ),
          evaluator: (backend, batch) =>
            evaluatorOf(backend.trace(label('evaluate', batch), evaluateFunction(graph), inputs(batch))),
          generator: (backend, batch) => greedyGenerator(graph, task.name, backend, batch),
        },
      ];
    }),
  );
  return {
    sharedLayout,
    initialShared: (seed) => initialValues(sharedParameters, seed, 'shared'),
    task(name) {
      const task = tasks.get(name);
      if (!task)
        throw new TributaryError(
          'TASK_NOT_FOUND',
          `The model has no task "${name}"; its tasks are ${[...tasks.keys()].join(', ')}.`,
        );
      return task;
    },
  };
}

import type { ModelSpec } from '@tributary/config';
import type { FlatLayout } from '@tributary/layout';
import { TributaryError } from '@tributary/protocol';
import { createEncoder } from './create-encoder.js';
import type { Encoder } from './encoder.js';
import { checkInitial, withInitial } from './initial-patterns.js';
import { groupedByLayer } from './layer-groups.js';
import { embedding, initialValues, layoutOf, matrix, type ParameterSpec, zeros } from './parameters.js';
import { buildTask, type SequenceTaskOptions, type TaskModel, type TaskParts, taskParts } from './task-model.js';

export interface SequenceModelOptions {
  readonly model: ModelSpec;
  /** Symbols of the source vocabulary, the four special ones included; with `share: all`, of the joint vocabulary. */
  readonly sourceVocabulary: number;
  readonly tasks: readonly SequenceTaskOptions[];
  /** Of matrix products; default: float32. */
  readonly precision?: 'float32' | 'bf16' | undefined;
  /** `layers`: the shared parameters lie in groups, one for each layer of the encoder and one for the rest. Default: `all`. */
  readonly groups?: 'all' | 'layers' | undefined;
}

/**
 * A shared encoder and one generator for each task. All state is flat vectors; every function is pure.
 *
 * With `embedding.share: source` the source embedding lies in the shared state and each task has a target embedding of its
 * own. With `share: all` there is one table, in the shared state: sources and the targets of every task are ids of one
 * joint vocabulary (`sourceVocabulary`; a task's ids lie below its `targetVocabulary`, which is no larger), and the table's
 * gradient, a part of the shared gradient, sums what encoder and generator contribute.
 *
 * Tasks whose sources are features share one width. Where every task reads features the encoder reads them as they are, and
 * the shared state has a table only if targets need it; where some read symbols, a linear map (`features.weights`,
 * `features.bias`) brings the features to the width of embeddings.
 */
export interface SequenceModel {
  readonly sharedLayout: FlatLayout;
  /** f32[sharedLayout.elements]; depends on the seed and the model alone. */
  initialShared(seed: number): Float32Array;
  /** @throws TributaryError `TASK_NOT_FOUND` */
  task(name: string): TaskModel;
}

const isFeatures = ({ sourceFeatures }: SequenceTaskOptions): boolean => typeof sourceFeatures === 'number';

interface SharedParts {
  readonly encoder: Encoder;
  readonly parameters: readonly ParameterSpec[];
  readonly featuresMapped: boolean;
}

function sharedParts({ model, sourceVocabulary, tasks }: SequenceModelOptions): SharedParts {
  const { size, share } = model.embedding;
  const widths = [...new Set(tasks.flatMap(({ sourceFeatures }) => sourceFeatures ?? []))];
  if (widths.length > 1)
    throw new TributaryError(
      'SPEC_INVALID',
      `All tasks of a run that read vectors share one encoder, so their vectors must have one width, but there are widths ${widths.join(' and ')}; pad the narrower ones with zeros.`,
    );
  const readsSymbols = tasks.some((task) => !isFeatures(task));
  const jointTargets = share === 'all' && tasks.some(({ head }) => head?.kind !== 'features');
  const [width] = widths;
  const featuresMapped = width !== undefined && readsSymbols;
  const encoder = createEncoder(model.encoder, readsSymbols || width === undefined ? size : width);
  return {
    encoder,
    featuresMapped,
    parameters: [
      ...(readsSymbols || jointTargets ? [embedding('embedding', sourceVocabulary, size)] : []),
      ...(featuresMapped ? [matrix('features.weights', width, [size]), zeros('features.bias', [size])] : []),
      ...encoder.parameters,
    ],
  };
}

/**
 * @throws TributaryError `SPEC_INVALID` for a joint vocabulary that does not hold a task's targets, features of several
 *   widths, or an entry of `model.initial` that matches no parameter.
 */
export function createSequenceModel(options: SequenceModelOptions): SequenceModel {
  const { model, sourceVocabulary, precision = 'float32' } = options;
  const rules = model.initial;
  const { encoder, featuresMapped, parameters } = sharedParts(options);
  const parts = options.tasks.map((task): TaskParts => {
    if (model.embedding.share === 'all' && task.head?.kind !== 'features' && task.targetVocabulary > sourceVocabulary)
      throw new TributaryError(
        'SPEC_INVALID',
        `Task "${task.name}" has ${task.targetVocabulary} target symbols, but with model.embedding.share: all the joint vocabulary has only ${sourceVocabulary}; build it from all sources and targets.`,
      );
    return taskParts(task, model, encoder);
  });
  checkInitial([parameters, ...parts.map((part) => part.parameters)].flat(), rules);
  const initialParameters = withInitial(parameters, rules);
  const sharedParameters = options.groups === 'layers' ? groupedByLayer(initialParameters) : initialParameters;
  const sharedLayout = layoutOf(sharedParameters);
  const tasks = new Map(
    parts.map((part): [string, TaskModel] => [
      part.task.name,
      buildTask(
        { ...part, parameters: withInitial(part.parameters, rules) },
        { encoder, sharedLayout, featuresMapped, precision },
      ),
    ]),
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

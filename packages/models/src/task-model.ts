import type { HeadSpec, ModelSpec } from '@tributary/config';
import type { FlatLayout } from '@tributary/layout';
import { createGenerator } from './create-generator.js';
import type { Encoder } from './encoder.js';
import { featureGenerator } from './feature-generator.js';
import { featureHead } from './feature-head.js';
import type { Generator } from './generator.js';
import { greedyGenerator } from './greedy-generator.js';
import type { Head } from './head.js';
import { embedding, initialValues, layoutOf, type ParameterSpec } from './parameters.js';
import type { BatchShape, SequenceTaskOptions, TaskModel } from './sequence-model.js';
import { evaluateFunction, functionSpecs, type TaskGraph, trainStepFunction } from './task-functions.js';
import { evaluatorOf, trainStepOf } from './task-runs.js';
import { tokenHead } from './token-head.js';

/** What a task adds to the shared encoder. */
export interface TaskParts {
  readonly task: SequenceTaskOptions;
  readonly headSpec: HeadSpec;
  /** Whether its symbols are embedded with the shared table. */
  readonly joint: boolean;
  readonly generator: Generator;
  readonly head: Head;
  readonly parameters: readonly ParameterSpec[];
}

export function taskParts(task: SequenceTaskOptions, model: ModelSpec, encoder: Encoder): TaskParts {
  const headSpec: HeadSpec = task.head ?? { kind: 'tokens' };
  const { size, share } = model.embedding;
  const spec = task.generator ?? model.generator;
  const symbols = headSpec.kind === 'tokens';
  const generator = createGenerator(spec, model, encoder, symbols ? size : headSpec.size);
  const head = symbols
    ? tokenHead(generator.outputParts, {
        vocabulary: task.targetVocabulary,
        labelSmoothing: task.labelSmoothing,
        tiedTo: generator.tiesOutput ? size : null,
      })
    : featureHead(generator.outputParts, headSpec);
  const joint = symbols && share === 'all';
  return {
    task,
    headSpec,
    joint,
    generator,
    head,
    parameters: [
      ...(symbols && !joint ? [embedding('embedding', task.targetVocabulary, size)] : []),
      ...generator.parameters,
      ...head.parameters,
    ],
  };
}

/** What all tasks of a model share. */
export interface SharedGraph {
  readonly encoder: Encoder;
  readonly sharedLayout: FlatLayout;
  readonly featuresMapped: boolean;
  readonly precision: 'float32' | 'bf16';
}

export function buildTask(parts: TaskParts, shared: SharedGraph): TaskModel {
  const { task, headSpec, joint, generator, head, parameters } = parts;
  const { name } = task;
  const symbols = headSpec.kind === 'tokens';
  const graph: TaskGraph = {
    ...shared,
    generator,
    head,
    layout: layoutOf(parameters),
    symbols,
    joint,
    sourceFeatures: task.sourceFeatures ?? null,
    targetFeatures: symbols ? null : headSpec.size,
  };
  const options = { precision: shared.precision };
  const label = (kind: string, shape: BatchShape): string =>
    `${kind} ${name} ${shape.batch}x${shape.source}x${shape.target}`;
  return {
    name,
    layout: graph.layout,
    head: headSpec,
    initial: (seed) => initialValues(parameters, seed, `task/${name}`),
    trainStep: (backend, shape) =>
      trainStepOf(
        graph,
        backend.trace(label('train', shape), trainStepFunction(graph), functionSpecs(graph, shape, true), options),
      ),
    evaluator: (backend, shape) =>
      evaluatorOf(
        graph,
        backend.trace(label('evaluate', shape), evaluateFunction(graph), functionSpecs(graph, shape, false), options),
      ),
    generator(backend, shape) {
      if (!symbols) throw new RangeError(`task "${name}" generates features: use featureGenerator`);
      return greedyGenerator(graph, name, backend, shape);
    },
    featureGenerator(backend, shape) {
      if (symbols) throw new RangeError(`task "${name}" generates symbols: use generator`);
      return featureGenerator(graph, name, backend, shape, headSpec.size);
    },
  };
}

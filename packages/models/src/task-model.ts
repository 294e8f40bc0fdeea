import type { GeneratorSpec, HeadSpec, ModelSpec } from '@tributary/config';
import type { ComputeBackend } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import { createGenerator } from './create-generator.js';
import { type Decoder, decoderOf } from './decoding/decoder.js';
import type { Encoder } from './encoder.js';
import { type FeatureGenerator, featureGenerator } from './feature-generator.js';
import { featureHead } from './feature-head.js';
import type { Generator } from './generator.js';
import { type GreedyGenerator, greedyGenerator } from './greedy-generator.js';
import type { Head } from './head.js';
import { embedding, initialValues, layoutOf, type ParameterSpec } from './parameters.js';
import {
  evaluateFunction,
  functionSpecs,
  rowLossesFunction,
  type TaskGraph,
  trainStepFunction,
} from './task-functions.js';
import { type Evaluator, evaluatorOf, type RowScorer, rowScorerOf, type TrainStep, trainStepOf } from './task-runs.js';
import { tokenHead } from './token-head.js';

/** Sizes that a function is traced for: rows, source symbols, target symbols with `</s>` and without `<s>` (or frames). */
export interface BatchShape {
  readonly batch: number;
  readonly source: number;
  readonly target: number;
}

export interface SequenceTaskOptions {
  readonly name: string;
  /** Symbols of this task's target vocabulary, the four special ones included; not read where its head is `features`. */
  readonly targetVocabulary: number;
  /** undefined: the model's default generator. */
  readonly generator: GeneratorSpec | undefined;
  readonly labelSmoothing: number;
  /** Default: tokens. */
  readonly head?: HeadSpec | undefined;
  /** Numbers in a vector of its source; null or left out: its source is symbols. */
  readonly sourceFeatures?: number | null | undefined;
}

/**
 * One task's functions, each compiled for one batch shape: the caller keeps them. Padding changes neither loss nor
 * gradients, and a row of padding counts nothing. Only training drops units.
 */
export interface TaskModel {
  readonly name: string;
  readonly layout: FlatLayout;
  readonly head: HeadSpec;
  /** f32[layout.elements]; depends on the seed, the model and the task's own name and sizes alone. */
  initial(seed: number): Float32Array;
  trainStep(backend: ComputeBackend, shape: BatchShape): TrainStep;
  evaluator(backend: ComputeBackend, shape: BatchShape): Evaluator;
  /** Of symbols. @throws RangeError where the head is `features` */
  rowScorer(backend: ComputeBackend, shape: BatchShape): RowScorer;
  /** Of symbols. @throws RangeError where the head is `features` */
  generator(backend: ComputeBackend, shape: { readonly batch: number; readonly source: number }): GreedyGenerator;
  /** Of symbols: any search, with scores. @throws RangeError where source or target are vectors */
  decoder(backend: ComputeBackend): Decoder;
  /** Of frames. @throws RangeError where the head is `tokens` */
  featureGenerator(
    backend: ComputeBackend,
    shape: { readonly batch: number; readonly source: number },
  ): FeatureGenerator;
}

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
    rowScorer(backend, shape) {
      if (!symbols) throw new RangeError(`task "${name}" generates features: they have no likelihoods`);
      return rowScorerOf(
        graph,
        backend.trace(label('score', shape), rowLossesFunction(graph), functionSpecs(graph, shape, false), options),
      );
    },
    generator(backend, shape) {
      if (!symbols) throw new RangeError(`task "${name}" generates features: use featureGenerator`);
      return greedyGenerator(graph, name, backend, shape);
    },
    decoder(backend) {
      if (!symbols || graph.sourceFeatures !== null) throw new RangeError(`task "${name}" has vectors: no decoder`);
      return decoderOf(graph, name, backend);
    },
    featureGenerator(backend, shape) {
      if (symbols) throw new RangeError(`task "${name}" generates symbols: use generator`);
      return featureGenerator(graph, name, backend, shape, headSpec.size);
    },
  };
}

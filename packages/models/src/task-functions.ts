import { type Tensor, type TensorFunction, type TensorSpec, tf } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import { denseFeatures } from './dense-features.js';
import { type Draws, drawsOf } from './draws.js';
import { embeddedSymbols } from './embedded-symbols.js';
import type { Encoder, EncoderPass } from './encoder.js';
import type { Generator, GeneratorPass } from './generator.js';
import type { Head, HeadTargets, HeadViews } from './head.js';
import { flatGradient, type ParameterViews, parameterViews } from './parameter-views.js';
import type { SequenceInput } from './sequence-input.js';
import { tokenMask } from './token-mask.js';

/** Everything that decides the functions of one task. */
export interface TaskGraph {
  readonly encoder: Encoder;
  readonly generator: Generator;
  readonly head: Head;
  readonly sharedLayout: FlatLayout;
  readonly layout: FlatLayout;
  /** Whether the task generates symbols. */
  readonly symbols: boolean;
  /** Whether the generator embeds its symbols with the shared table. */
  readonly joint: boolean;
  /** Numbers in a vector of the source; null: the source is symbols. */
  readonly sourceFeatures: number | null;
  /** Whether those vectors are mapped to the width of embeddings, since other tasks read symbols. */
  readonly featuresMapped: boolean;
  /** Numbers in a frame of the target; null: the target is symbols. */
  readonly targetFeatures: number | null;
  readonly precision: 'float32' | 'bf16';
}

export interface FunctionShape {
  readonly batch: number;
  readonly source: number;
  readonly target: number;
}

export const floats = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });
export const ints = (...shape: number[]): TensorSpec => ({ shape, dtype: 'int32' });

/** [source, …its features] */
export const sourceSpecs = ({ sourceFeatures }: TaskGraph, batch: number, length: number): TensorSpec[] => [
  ints(batch, length),
  ...(sourceFeatures === null ? [] : [floats(batch, length, sourceFeatures)]),
];

/**
 * Inputs of `evaluateFunction`: shared, task, source, target, … features of the source, … of the target. Those of
 * `trainStepFunction` have the draw, i32[3], behind the target.
 */
export const functionSpecs = (graph: TaskGraph, shape: FunctionShape, draw: boolean): TensorSpec[] => {
  const [source, ...sourceFeatures] = sourceSpecs(graph, shape.batch, shape.source) as [TensorSpec, ...TensorSpec[]];
  return [
    floats(graph.sharedLayout.elements),
    floats(graph.layout.elements),
    source,
    ints(shape.batch, shape.target + 1),
    ...(draw ? [ints(3)] : []),
    ...sourceFeatures,
    ...(graph.targetFeatures === null ? [] : [floats(shape.batch, shape.target, graph.targetFeatures)]),
  ];
};

/** What the encoder reads. */
export function sourceInput(
  graph: TaskGraph,
  shared: ParameterViews,
  ids: Tensor,
  features: Tensor | undefined,
): SequenceInput {
  if (graph.sourceFeatures === null) return embeddedSymbols(ids, shared('embedding'));
  const map = graph.featuresMapped ? { weights: shared('features.weights'), bias: shared('features.bias') } : undefined;
  return denseFeatures(features as Tensor, tokenMask(ids), map);
}

interface ForwardPass {
  readonly source: SequenceInput;
  readonly encoder: EncoderPass;
  readonly fed: SequenceInput;
  readonly generator: GeneratorPass;
  readonly views: HeadViews;
  readonly targets: HeadTargets;
}

/** Frames [B, T, F] one step later, zeros first: what teacher forcing feeds. */
function delayed(frames: Tensor): Tensor {
  const [batch, length, size] = frames.shape as [number, number, number];
  const first = tf.zeros([batch, 1, size]);
  return length === 1 ? first : tf.concat([first, tf.slice(frames, [0, 0, 0], [batch, length - 1, size])], 1);
}

function forward(graph: TaskGraph, inputs: readonly Tensor[], draws: Draws | null): ForwardPass {
  const [flatShared, flatTask, sourceIds, target, ...rest] = inputs as [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
  const features = draws === null ? rest : rest.slice(1);
  const shared = parameterViews(graph.sharedLayout, flatShared);
  const own = parameterViews(graph.layout, flatTask);
  const source = sourceInput(graph, shared, sourceIds, features[0]);
  const encoder = graph.encoder.pass(shared, source, draws);
  const columns = tf.unstack(target, 1);
  const ids = tf.concat(columns.slice(1), 0);
  const mask = tokenMask(ids);
  if (graph.targetFeatures !== null) {
    const frames = features.at(-1) as Tensor;
    const fed = denseFeatures(delayed(frames), tokenMask(tf.stack(columns.slice(1), 1)));
    const timeMajor = tf.reshape(tf.transpose(frames, [1, 0, 2]), [-1, graph.targetFeatures]);
    return {
      source,
      encoder,
      fed,
      generator: graph.generator.pass(own, fed, encoder, draws),
      views: { own, table: undefined },
      targets: { ids, mask, frames: timeMajor },
    };
  }
  const table = graph.joint ? shared('embedding') : own('embedding');
  const fed = embeddedSymbols(tf.stack(columns.slice(0, -1), 1), table);
  return {
    source,
    encoder,
    fed,
    generator: graph.generator.pass(own, fed, encoder, draws),
    views: { own, table },
    targets: { ids, mask, frames: undefined },
  };
}

/** Adds a gradient to one of the same name. */
function addTo(gradients: Map<string, Tensor>, name: string, gradient: Tensor): void {
  const before = gradients.get(name);
  gradients.set(name, before ? tf.add(before, gradient) : gradient);
}

/** Gradients of a layout; a shared parameter that this task does not read has gradient zero. */
function flatShared(graph: TaskGraph, gradients: Map<string, Tensor>): Tensor {
  for (const { name, shape } of graph.sharedLayout.entries) {
    const unread = graph.sourceFeatures === null ? /^features\./ : /^embedding$/;
    if (!gradients.has(name) && unread.test(name)) gradients.set(name, tf.zeros([...shape]));
  }
  return flatGradient(graph.sharedLayout, gradients);
}

/** [shared, task, source, target, draw i32[3], …] → [loss, sharedGradient, taskGradient] */
export const trainStepFunction =
  (graph: TaskGraph): TensorFunction =>
  (inputs) => {
    const draws = drawsOf(inputs[4] as Tensor);
    const { source, encoder, fed, generator, views, targets } = forward(graph, inputs, draws);
    const { loss, backward } = graph.head.train(views, generator.outputs, targets);
    const ofHead = backward();
    const ofGenerator = generator.backward(ofHead.outputs);
    const ofShared = encoder.backward(ofGenerator.memory, ofGenerator.final);
    for (const [name, gradient] of source.gradients()) addTo(ofShared, name, gradient);
    const ofTask = new Map([...ofGenerator.parameters, ...ofHead.parameters]);
    const ofTargetTable = graph.joint ? ofShared : ofTask;
    for (const [name, gradient] of fed.gradients()) addTo(ofTargetTable, name, gradient);
    if (ofHead.table) addTo(ofTargetTable, 'embedding', ofHead.table);
    return [loss, flatShared(graph, ofShared), flatGradient(graph.layout, ofTask)];
  };

/** [shared, task, source, target, …] → the sums of `EvaluationSums` */
export const evaluateFunction =
  (graph: TaskGraph): TensorFunction =>
  (inputs) => {
    const { generator, views, targets } = forward(graph, inputs, null);
    return graph.head.evaluate(views, generator.outputs, targets);
  };

/** [shared, task, source, target, …] → [losses f32[B]], those of `Head.rowLosses` */
export const rowLossesFunction =
  (graph: TaskGraph): TensorFunction =>
  (inputs) => {
    const { generator, views, targets } = forward(graph, inputs, null);
    const { rowLosses } = graph.head;
    if (!rowLosses) throw new RangeError('a task of features has no likelihoods');
    return [rowLosses(views, generator.outputs, targets, inputs[3]?.shape[0] as number)];
  };

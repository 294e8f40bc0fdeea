import type { ModelSpec } from '@tributary/config';
import { type Tensor, tf } from '@tributary/engine';
import { type Attention, attentionWeights, type Score, type Scorer, scoreBias } from './attention.js';
import type { ParameterViews } from './parameter-views.js';
import type { Cell, CellState, CellStep } from './recurrent-cell.js';

/** Everything that decides the shape of a recurrent generator. */
export interface RecurrentShape {
  readonly cell: Cell;
  readonly hidden: number;
  /** Width of the encoder's memory. */
  readonly memory: number;
  /** Width of the encoder's final vector. */
  readonly final: number;
  readonly attention: Attention;
  readonly average: ModelSpec['attention']['average'];
}

/** What the generator reads of its source at every step. */
export interface Reading {
  /** What the weights sum: the memory, or its exponential, f32[B, S, C]. */
  readonly values: Tensor;
  readonly scorer: Scorer;
  /** f32[B, S] */
  readonly mask: Tensor;
  readonly bias: Tensor;
}

export const readingOf = (
  { attention }: RecurrentShape,
  parameters: ParameterViews,
  values: Tensor,
  keys: Tensor,
  mask: Tensor,
): Reading => ({ values, scorer: attention.scorer(parameters, keys), mask, bias: scoreBias(mask) });

/** What the weights of the attention sum. */
export const averagedValues = ({ average }: RecurrentShape, memory: Tensor): Tensor =>
  average === 'exponential' ? tf.exp(memory) : memory;

/** Gradient of the memory through the values. */
export const ofAveraged = ({ average }: RecurrentShape, values: Tensor, ofValues: Tensor): Tensor =>
  average === 'exponential' ? tf.mul(ofValues, values) : ofValues;

/** The generator's first state: tanh of a linear map of the encoder's final vector, f32[B, H] for each part of the state. */
export const bridge = (parameters: ParameterViews, final: Tensor): Tensor =>
  tf.tanh(tf.add(tf.matMul(final, parameters('bridge.weights')), parameters('bridge.bias')));

export const stateOf = ({ cell }: RecurrentShape, bridged: Tensor): CellState =>
  cell.stateParts === 1 ? [bridged] : tf.split(bridged, cell.stateParts, 1);

export interface RecurrentStep {
  readonly cell: CellStep;
  /** f32[B, C] */
  readonly context: Tensor;
  /** f32[B, S] */
  readonly weights: Tensor;
  readonly score: Score;
}

/**
 * One step: attend with the previous output, then advance the cell on the input and the context.
 *
 * @param input input times the input weights plus the bias, f32[B, gates * H]
 */
export function recurrentStep(
  shape: RecurrentShape,
  parameters: ParameterViews,
  read: Reading,
  input: Tensor,
  previous: CellState,
): RecurrentStep {
  const { attention, hidden, memory } = shape;
  const [batch, length] = read.mask.shape as [number, number];
  const blocks = [...shape.cell.productBlocks(hidden)];
  const output = previous[0] as Tensor;
  const product = tf.matMul(output, parameters('generator.state'));
  const widths = attention.queryWidth === 0 ? blocks : [...blocks, attention.queryWidth];
  const products = widths.length === 1 ? [product] : tf.split(product, widths, 1);
  const score = read.scorer.score(products[blocks.length] ?? output);
  const weights = attentionWeights(score.scores, read.mask, read.bias);
  const context = tf.reshape(tf.matMul(tf.reshape(weights, [batch, 1, length]), read.values), [batch, memory]);
  const gates = tf.add(input, tf.matMul(context, parameters('generator.context')));
  const cell = shape.cell.step(gates, products.slice(0, blocks.length), previous, undefined);
  return { cell, context, weights, score };
}

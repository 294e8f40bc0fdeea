import { type Tensor, tf } from '@tributary/engine';
import type { ParameterViews } from './parameter-views.js';
import type { ParameterSpec } from './parameters.js';

/** How a recurrent generator scores the source positions at each step. */
export interface Attention {
  readonly parameters: readonly ParameterSpec[];
  /** Columns that its query adds to the product of the previous state; 0: the query is the previous state itself. */
  readonly queryWidth: number;
  /** The keys of a source, once for all steps, f32[B, S, K]. */
  keys(parameters: ParameterViews, memory: Tensor): Tensor;
  /** What scores those keys, step by step. */
  scorer(parameters: ParameterViews, keys: Tensor): Scorer;
}

export interface Scorer {
  /** @param query f32[B, Q] */
  score(query: Tensor): Score;
  /**
   * Gradients of the attention's own parameters and the memory's share through the keys.
   *
   * @param memory f32[B, S, C]
   */
  backward(
    memory: Tensor,
    steps: readonly ScoredStep[],
  ): { readonly parameters: ReadonlyMap<string, Tensor>; readonly memory: Tensor };
}

export interface Score {
  /** f32[B, S] */
  readonly scores: Tensor;
  /** What the backward pass wants of this step. */
  readonly kept: Tensor;
  /** @param ofScores f32[B, S, 1]; gradient of the query, and what `Scorer.backward` wants of it */
  backward(ofScores: Tensor): { readonly query: Tensor; readonly ofKept: Tensor };
}

export interface ScoredStep {
  readonly kept: Tensor;
  readonly ofKept: Tensor;
  /** f32[B, S, 1] */
  readonly ofScores: Tensor;
}

/** Scores to add: 0 at a symbol, far below every score at padding. */
export const scoreBias = (mask: Tensor): Tensor => tf.mul(tf.sub(mask, 1), 1e9);

/**
 * Weights f32[B, S] that are exactly zero at padding. A row that is all padding has weights zero, so its context is zero.
 */
export const attentionWeights = (scores: Tensor, mask: Tensor, bias: Tensor): Tensor =>
  tf.mul(tf.softmax(tf.add(scores, bias)), mask);

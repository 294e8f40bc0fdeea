import type { Tensor } from '@tributary/engine';
import type { ParameterViews } from './parameter-views.js';
import type { ParameterSpec } from './parameters.js';

/** What a head reads parameters from. */
export interface HeadViews {
  readonly own: ParameterViews;
  /** Table of the target symbols, f32[V, E]; undefined where the task generates none. */
  readonly table: Tensor | undefined;
}

/** What a batch should have generated, time-major. */
export interface HeadTargets {
  /** i32[T * B] */
  readonly ids: Tensor;
  /** f32[T * B]: 1 at a real position. */
  readonly mask: Tensor;
  /** f32[T * B, F]; undefined where the task generates symbols. */
  readonly frames: Tensor | undefined;
}

export interface HeadGradients {
  readonly parameters: Map<string, Tensor>;
  /** One for each part of the generator's output. */
  readonly outputs: readonly Tensor[];
  /** undefined where the head does not read the table. */
  readonly table: Tensor | undefined;
}

/** Turns a generator's outputs into symbols or features, and compares them with the targets. Padding counts nothing. */
export interface Head {
  readonly parameters: readonly ParameterSpec[];
  train(
    views: HeadViews,
    outputs: readonly Tensor[],
    targets: HeadTargets,
  ): {
    /** Mean over the batch, f32[]; 0 for a batch of nothing but padding. */
    readonly loss: Tensor;
    /** Of `loss`. */
    backward(): HeadGradients;
  };
  /** The sums of `EvaluationSums`, in order, f32[] each. */
  evaluate(views: HeadViews, outputs: readonly Tensor[], targets: HeadTargets): readonly Tensor[];
  /**
   * Of each of `batch` rows, f32[B]: the cross-entropy of its targets, nats, summed over its positions; 0 for a row of padding.
   * Undefined where the head puts out features.
   */
  readonly rowLosses?: (views: HeadViews, outputs: readonly Tensor[], targets: HeadTargets, batch: number) => Tensor;
  /** Logits f32[N, V], or features f32[N, F]. */
  predict(views: HeadViews, outputs: readonly Tensor[]): Tensor;
}

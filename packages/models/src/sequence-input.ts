import type { Tensor } from '@tributary/engine';

/** What stands at the positions of a sequence before the first layer: embedded symbols, or dense features. */
export interface SequenceInput {
  readonly batch: number;
  /** Positions, S. */
  readonly length: number;
  /** Numbers at one position. */
  readonly width: number;
  /** f32[B, S]: 1 at a real position, 0 at padding. */
  readonly mask: Tensor;
  /**
   * The whole sequence times the input weights of all gates, at once, for layers that go step by step.
   *
   * @param weights f32[width, G]
   * @param bias f32[G]
   * @param dropout mask of the vectors, f32[S * B, width], time-major
   */
  project(weights: Tensor, bias: Tensor, dropout?: Tensor): InputProjection;
  /** The vectors themselves, for layers that see all positions at once. */
  vectors(): InputVectors;
  /** Gradients of the input's own parameters by name, the sum over all backward calls so far. */
  gradients(): Map<string, Tensor>;
}

export interface InputProjection {
  /** f32[S * B, G], time-major. */
  readonly projected: Tensor;
  /** @param gradient of `projected` */
  backward(gradient: Tensor): { readonly weights: Tensor; readonly bias: Tensor };
}

export interface InputVectors {
  /** f32[B * S, width], batch-major. */
  readonly values: Tensor;
  /** @param gradient of `values` */
  backward(gradient: Tensor): void;
}

/** What is fed to a generator at one step of generation. */
export interface StepInput {
  /** f32[B, width] */
  vectors(): Tensor;
  /**
   * Vectors times weights plus bias, f32[B, G]; cheap to call at every step with the same tensors.
   *
   * @param weights f32[width, G]
   * @param bias f32[G]
   */
  project(weights: Tensor, bias: Tensor): Tensor;
}

import { type Tensor, tf } from '@tributary/engine';

/** Random masks of one function, for training. Evaluation and generation have none: they never drop. */
export interface Draws {
  /**
   * A mask for dropout (Srivastava et al. 2014): 0 with probability `rate`, else 1 / (1 - rate). Each call draws anew;
   * undefined where the rate is 0.
   *
   * @returns f32 of the shape
   */
  mask(shape: readonly number[], rate: number): Tensor | undefined;
}

/** Values times a mask, or the values themselves. Its backward pass is the same product. */
export const masked = (values: Tensor, mask: Tensor | undefined): Tensor =>
  mask === undefined ? values : tf.mul(values, mask);

import { operations, type Tensor, tf } from '@tributary/engine';

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

/**
 * Masks of one step of one lane. Their layers are numbered in the order in which the model asks for them, which is the same
 * wherever it is built.
 *
 * @param key i32[3]: seed, step, lane
 */
export function drawsOf(key: Tensor): Draws {
  let layer = 0;
  return { mask: (shape, rate) => (rate === 0 ? undefined : operations.randomMask(key, layer++, shape, rate)) };
}

/** Values times a mask, or the values themselves. Its backward pass is the same product. */
export const masked = (values: Tensor, mask: Tensor | undefined): Tensor =>
  mask === undefined ? values : tf.mul(values, mask);

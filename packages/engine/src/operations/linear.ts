import { type Tensor, tf } from '../tensorflow-js.js';
import { addBias } from './add-bias.js';

/**
 * x · weights + bias. In a float32 graph TensorFlow makes one operation of it, and of a `relu` or `tanh` after it.
 *
 * @param x f32[N, I]
 * @param weights f32[I, O], or f32[O, I] with `transposed`
 * @param bias f32[O]
 */
export function linear(x: Tensor, weights: Tensor, bias: Tensor, transposed = false): Tensor {
  return addBias(tf.matMul(x, weights, false, transposed), bias);
}

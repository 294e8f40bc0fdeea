import type { RecordingBackend } from '../tensorflow/recording-backend.js';
import { type Tensor, tf } from '../tensorflow-js.js';

/**
 * a · bᵀ, as in the gradient of a linear layer's input: a the gradient of its output, b its weights.
 *
 * Where b has at least as many columns as rows, a float32 graph multiplies by a copy of its transpose: on two cores
 * [2048, 2048] × [512, 2048]ᵀ took 29 ms in place and 22 ms so, the copy included.
 *
 * @param a f32[N, K]
 * @param b f32[M, K]
 * @returns f32[N, M]
 */
export function timesTransposed(a: Tensor, b: Tensor): Tensor {
  const [rows, columns] = b.shape as [number, number];
  return columns < rows ? tf.matMul(a, b, false, true) : transposedFactor(b)(a);
}

/**
 * Many products a · bᵀ with one b and few rows each, as in a recurrent layer's backward pass.
 *
 * A float32 graph reads a transposed matrix in place slowly there: [32, 2048] × [512, 2048]ᵀ ran at 40 GFLOP/s on two
 * cores, the product with a copy of the transpose, made once, at 182. In bfloat16 it is the copy that is slow: a step of a
 * Transformer took 565 ms with copies and 432 ms without.
 *
 * @param b f32[M, K]
 * @returns gives f32[N, M] for f32[N, K]
 */
export function transposedFactor(b: Tensor): (a: Tensor) => Tensor {
  if (!recordsFloat32()) return (a) => tf.matMul(a, b, false, true);
  const copy = transposedCopy(b);
  return (a) => tf.matMul(a, copy);
}

/** Three dimensions are turned, of which the last is 1: TensorFlow folds a plain transpose back into each product. */
function transposedCopy(matrix: Tensor): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  const turned = tf.transpose(tf.reshape(matrix, [rows, columns, 1]), [1, 0, 2]);
  return tf.reshape(turned, [columns, rows]);
}

/** Op-by-op backends read a transposed matrix in place, or know better themselves. */
const recordsFloat32 = (): boolean => (tf.backend() as unknown as Partial<RecordingBackend>).precision === 'float32';

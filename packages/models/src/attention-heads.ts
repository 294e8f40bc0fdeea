import { type Tensor, tf } from '@tributary/engine';

/** Rows of a batch, and how their columns divide into heads of D = width / heads. */
export interface HeadShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly width: number;
}

/** One product's columns as tensors of heads: f32[B * S, count * width] → count times f32[B, H, S, D]. */
export function splitHeads(rows: Tensor, shape: HeadShape, count: number): Tensor[] {
  const { batch, length, heads, width } = shape;
  const columns = tf.reshape(rows, [batch, length, count, heads, width / heads]);
  return tf.unstack(tf.transpose(columns, [2, 0, 3, 1, 4]), 0);
}

/** The inverse of `splitHeads`. */
export function joinHeads(parts: readonly Tensor[]): Tensor {
  const [batch, heads, length, size] = (parts[0] as Tensor).shape as [number, number, number, number];
  const columns = tf.transpose(tf.stack([...parts], 0), [1, 3, 0, 2, 4]);
  return tf.reshape(columns, [batch * length, parts.length * heads * size]);
}

/** Scores to add, f32[B, 1, 1, S]: 0 at a real position, far below every score at padding. */
export function paddingBias(mask: Tensor): Tensor {
  const [batch, length] = mask.shape as [number, number];
  return tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [batch, 1, 1, length]);
}

/**
 * Scores to add, f32[B, 1, T, T]: 0 up to a query's own position, far below every score after it. Padding follows the
 * last symbol, so no real position sees it.
 *
 * It has the batch as a dimension because TensorFlow fuses the addition with the product, and oneDNN's kernel that
 * broadcasts the batch is a thousand times slower.
 */
export function causalBias(batch: number, length: number): Tensor {
  const positions = tf.range(0, length, 1, 'float32');
  const later = tf.greater(tf.reshape(positions, [1, length]), tf.reshape(positions, [length, 1]));
  const bias = tf.mul(tf.cast(later, 'float32'), -1e9);
  return tf.tile(tf.reshape(bias, [1, 1, length, length]), [batch, 1, 1, 1]);
}

export interface AttendedHeads {
  /** f32[B, H, T, D] */
  readonly context: Tensor;
  /** What each query read of each key, f32[B, H, T, S]. */
  readonly weights: Tensor;
  /** @param gradient of the context */
  backward(gradient: Tensor): { readonly queries: Tensor; readonly keys: Tensor; readonly values: Tensor };
}

/**
 * Scaled dot-product attention of all heads (Vaswani 2017).
 *
 * @param queries f32[B, H, T, D]
 * @param keys f32[B, H, S, D]
 * @param values f32[B, H, S, D]
 * @param bias f32[B, 1, T or 1, S]
 */
export function attendHeads(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor): AttendedHeads {
  const scale = 1 / Math.sqrt(queries.shape[3] as number);
  // Product, scale and bias in this form, of rank 4: TensorFlow runs the three as one kernel.
  const scores = (left: Tensor, right: Tensor, addend: Tensor): Tensor =>
    tf.add(tf.mul(tf.matMul(left, right, false, true), scale), addend);
  const weights = tf.softmax(scores(queries, keys, bias));
  const context = tf.matMul(weights, values);
  return {
    context,
    weights,
    backward(gradient) {
      // Through the softmax y: y (g - Σ y g). Σ over the keys of y g is Σ over the columns of gradient · context (Dao 2022).
      const inner = tf.sum(tf.mul(gradient, context), 3, true);
      const ofScores = tf.mul(weights, scores(gradient, values, tf.mul(inner, -scale)));
      return {
        queries: tf.matMul(ofScores, keys),
        keys: tf.matMul(ofScores, queries, true, false),
        values: tf.matMul(weights, gradient, true, false),
      };
    },
  };
}

import { type Tensor, tf } from '@tributary/engine';

export interface TokenLoss {
  /** Sum of the cross-entropy over all real tokens, nats, f32[]. */
  readonly sum: Tensor;
  /** Gradient of `sum` times `scale` with respect to the logits, f32[N, V]. */
  backward(scale: Tensor): Tensor;
}

/**
 * Softmax cross-entropy with label smoothing (Szegedy et al. 2016): the target distribution gives 1 - smoothing to the
 * target and spreads `smoothing` evenly over the vocabulary. A masked row counts nothing and has gradient zero.
 *
 * @param logits f32[N, V]
 * @param targets i32[N]
 * @param mask f32[N]
 */
export function tokenLoss(logits: Tensor, targets: Tensor, mask: Tensor, smoothing: number): TokenLoss {
  const [rows, vocabulary] = logits.shape as [number, number];
  const shifted = tf.sub(logits, tf.max(logits, 1, true));
  const exponentials = tf.exp(shifted);
  const partition = tf.sum(exponentials, 1, true);
  const logPartition = tf.reshape(tf.log(partition), [rows]);
  // One number a row is looked up: no one-hot of the vocabulary in the forward pass.
  const positions = tf.add(targets, tf.range(0, rows * vocabulary, vocabulary, 'int32'));
  const picked = tf.gather(tf.reshape(shifted, [rows * vocabulary]), positions.as1D());
  const kept = smoothing === 0 ? picked : tf.add(tf.mul(picked, 1 - smoothing), tf.mul(tf.mean(shifted, 1), smoothing));
  return {
    sum: tf.sum(tf.mul(tf.sub(logPartition, kept), mask)),
    backward(scale) {
      const rowScale = tf.reshape(tf.mul(mask, scale), [rows, 1]);
      // Softmax minus the target distribution. tfjs's wasm kernel gets a one-hot of floats wrong; integers are right.
      const hits = tf.cast(tf.oneHot(targets.as1D(), vocabulary), 'float32');
      const expected = smoothing === 0 ? hits : tf.add(tf.mul(hits, 1 - smoothing), smoothing / vocabulary);
      return tf.sub(tf.mul(exponentials, tf.div(rowScale, partition)), tf.mul(expected, rowScale));
    },
  };
}

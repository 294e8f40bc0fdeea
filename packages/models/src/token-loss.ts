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
 * No one-hot of the vocabulary is made, forward or backward: one number a row is looked up, and one is replaced. On a
 * processor this takes less time than a one-hot, and half that of TensorFlow's own operation for sparse labels (`make
 * bench-fused`).
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
  const positions = tf.add(targets, tf.range(0, rows * vocabulary, vocabulary, 'int32'));
  const picked = tf.gather(tf.reshape(shifted, [rows * vocabulary]), positions.as1D());
  const kept = smoothing === 0 ? picked : tf.add(tf.mul(picked, 1 - smoothing), tf.mul(tf.mean(shifted, 1), smoothing));
  return {
    sum: tf.sum(tf.mul(tf.sub(logPartition, kept), mask)),
    backward(scale) {
      const rowScale = tf.mul(mask, scale);
      const perUnit = tf.div(tf.reshape(rowScale, [rows, 1]), partition);
      // Softmax minus the target distribution: what every symbol gets, then the target's own number in its place.
      const softmax = tf.mul(exponentials, perUnit);
      const spread = smoothing / vocabulary;
      const everywhere = smoothing === 0 ? softmax : tf.sub(softmax, tf.reshape(tf.mul(rowScale, spread), [rows, 1]));
      const atTarget = tf.sub(
        tf.mul(tf.exp(picked), tf.reshape(perUnit, [rows])),
        tf.mul(rowScale, 1 - smoothing + spread),
      );
      const places = tf.stack([tf.range(0, rows, 1, 'int32'), targets.as1D()], 1);
      return tf.tensorScatterUpdate(everywhere, places, atTarget);
    },
  };
}

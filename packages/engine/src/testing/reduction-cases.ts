import { tf } from '../tensorflow-js.js';
import { float, forward, int, type OperationCase, smooth } from './operation-cases.js';

const cube = float([2, 3, 4]);

export const reductionCases: readonly OperationCase[] = [
  smooth('sum', [cube], (x) => tf.sum(x)),
  smooth('sum along an axis', [cube], (x) => tf.sum(x, 1)),
  smooth('sum keeping dimensions', [cube], (x) => tf.sum(x, [0, 2], true)),
  smooth('mean', [cube], (x) => tf.mean(x, -1)),
  smooth('max', [cube], (x) => tf.max(x, -1)),
  smooth('min', [cube], (x) => tf.min(x, [0, 1])),
  smooth('prod', [cube], (x) => tf.prod(x, 1)),
  smooth('logSumExp', [cube], (x) => tf.logSumExp(x, -1)),
  smooth('norm', [cube], (x) => tf.norm(x, 'euclidean', -1)),
  smooth('cumsum', [cube], (x) => tf.cumsum(x, 2)),
  smooth('cumsum, exclusive and reversed', [cube], (x) => tf.cumsum(x, 2, true, true)),
  forward('argMax', [cube], (x) => tf.argMax(x, -1)),
  forward('argMin', [cube], (x) => tf.argMin(x, 1)),
  forward('all and any', [int([3, 4], 2)], (x) =>
    [tf.all(tf.cast(x, 'bool'), 1), tf.any(tf.cast(x, 'bool'), 0)].map((y) => tf.cast(y, 'int32')),
  ),
  forward('sum of int32', [int([3, 4], 9)], (x) => tf.sum(x, 1)),
  smooth('softmax', [cube], (x) => tf.softmax(x)),
  smooth('logSoftmax', [cube], (x) => tf.logSoftmax(x)),
  smooth('moments', [cube], (x) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return [mean, variance];
  }),
  smooth('layer normalisation', [cube, float([4]), float([4])], (x, gain, bias) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), gain), bias);
  }),
  smooth('cross-entropy of one-hot targets', [float([6, 5]), int([6], 5)], (logits, ids) =>
    tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(ids, 5)), -1))),
  ),
  smooth('softmaxCrossEntropy', [float([6, 5]), int([6], 5)], (logits, ids) =>
    tf.losses.softmaxCrossEntropy(tf.oneHot(ids, 5), logits),
  ),
  smooth('sigmoidCrossEntropy', [float([6, 5], 0, 1), float([6, 5])], (labels, logits) =>
    tf.losses.sigmoidCrossEntropy(labels, logits),
  ),
  smooth('meanSquaredError', [float([6, 5]), float([6, 5])], (a, b) => tf.losses.meanSquaredError(a, b)),
];

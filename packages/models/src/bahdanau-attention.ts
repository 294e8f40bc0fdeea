import { operations, type Tensor, tf } from '@tributary/engine';
import type { Attention } from './attention.js';
import { matrix } from './parameters.js';
import { scoreVector, scoreVectorParameters } from './score-vector.js';

/**
 * Additive attention (Bahdanau, Cho and Bengio 2015): score = v · tanh(Wk m + Wq s), s the generator's previous output.
 * Wq shares one product with the gates, so it lies in the generator's `state` matrix. Normalised, it is
 * g · v / |v| · tanh(Wk m + Wq s + b).
 */
export function bahdanauAttention(options: {
  readonly memory: number;
  readonly size: number;
  readonly normalize: boolean;
}): Attention {
  const { size, normalize } = options;
  return {
    parameters: [matrix('attention.keys', options.memory, [size]), ...scoreVectorParameters(size, normalize)],
    queryWidth: size,
    keys(parameters, memory) {
      const [batch, length, width] = memory.shape as [number, number, number];
      const keys = tf.matMul(tf.reshape(memory, [batch * length, width]), parameters('attention.keys'));
      const biased = normalize ? tf.add(keys, parameters('attention.bias')) : keys;
      return tf.reshape(biased, [batch, length, size]);
    },
    scorer(parameters, keys) {
      const [batch, length] = keys.shape as [number, number, number];
      const rows = batch * length;
      const vector = scoreVector(parameters, normalize);
      const v = vector.value;
      return {
        score(query) {
          const activation = tf.tanh(tf.add(keys, tf.reshape(query, [batch, 1, size])));
          const scores = tf.matMul(tf.reshape(activation, [rows, size]), v);
          return {
            scores: tf.reshape(scores, [batch, length]),
            kept: activation,
            backward(ofScores) {
              // The gradient before tanh is v · d · (1 - a²), d the gradient of the scores. Over the positions d sums to
              // zero (softmax), so the query's gradient is -v · Σ d a².
              const weighted = tf.mul(tf.square(activation), ofScores);
              const ofQuery = tf.neg(tf.mul(tf.sum(weighted, 1), tf.reshape(v, [1, size])));
              return { query: ofQuery, ofKept: weighted };
            },
          };
        },
        backward(memory, steps) {
          const width = memory.shape[2] as number;
          const ofScores = tf.addN(steps.map((step) => step.ofScores));
          const weighted = tf.addN(steps.map((step) => step.ofKept));
          const ofKeys = tf.reshape(tf.mul(tf.sub(ofScores, weighted), tf.reshape(v, [1, 1, size])), [rows, size]);
          // As a row times a matrix: four times as fast as the transposed product with a column.
          const ofV = steps.map((step) =>
            tf.matMul(tf.reshape(step.ofScores, [1, rows]), tf.reshape(step.kept, [rows, size])),
          );
          const ofMemory = operations.timesTransposed(ofKeys, parameters('attention.keys'));
          return {
            parameters: new Map<string, Tensor>([
              ['attention.keys', tf.matMul(tf.reshape(memory, [rows, width]), ofKeys, true, false)],
              ...vector.backward(tf.reshape(tf.addN(ofV), [size, 1]), ofKeys),
            ]),
            memory: tf.reshape(ofMemory, [batch, length, width]),
          };
        },
      };
    },
  };
}

import { type Tensor, tf } from '@tributary/engine';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec } from './parameters.js';

/** The vector v that additive attention multiplies its activations by, and what is added before the tanh. */
export interface ScoreVector {
  /** f32[K, 1] */
  readonly value: Tensor;
  /** f32[K], added to the keys; undefined: nothing is. */
  readonly bias: Tensor | undefined;
  /**
   * Gradients by parameter name.
   *
   * @param ofValue f32[K, 1]
   * @param ofKeys gradient of the keys, f32[N, K]
   */
  backward(ofValue: Tensor, ofKeys: Tensor): Map<string, Tensor>;
}

export const scoreVectorParameters = (size: number, normalize: boolean): ParameterSpec[] => [
  matrix('attention.scores', size, [1]),
  ...(normalize
    ? [
        {
          name: 'attention.gain',
          shape: [1],
          initial: { kind: 'blocks', values: [Math.sqrt(1 / size)], width: 1 },
        } as const,
        { name: 'attention.bias', shape: [size], initial: { kind: 'zeros' } } as const,
      ]
    : []),
];

/**
 * The parameter itself, or weight-normalised (Salimans and Kingma 2016): g · v / |v|, with a bias before the tanh, as in the
 * normalised form of Bahdanau's attention.
 */
export function scoreVector(parameters: ParameterViews, normalize: boolean): ScoreVector {
  const v = parameters('attention.scores');
  if (!normalize) return { value: v, bias: undefined, backward: (ofValue) => new Map([['attention.scores', ofValue]]) };
  const gain = parameters('attention.gain');
  const inverse = tf.rsqrt(tf.sum(tf.square(v)));
  const direction = tf.mul(v, inverse);
  return {
    value: tf.mul(direction, gain),
    bias: parameters('attention.bias'),
    backward(ofValue, ofKeys) {
      const along = tf.sum(tf.mul(ofValue, direction));
      const across = tf.sub(ofValue, tf.mul(direction, along));
      return new Map([
        ['attention.scores', tf.mul(across, tf.mul(gain, inverse))],
        ['attention.gain', tf.reshape(along, [1])],
        ['attention.bias', tf.sum(ofKeys, 0)],
      ]);
    },
  };
}

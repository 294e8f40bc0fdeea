import { type Tensor, tf } from '../tensorflow-js.js';

export interface LayerNormGradients {
  /** f32[N, D] */
  readonly x: Tensor;
  /** f32[D] */
  readonly gain: Tensor;
  /** f32[D] */
  readonly bias: Tensor;
}

export interface LayerNorm {
  /** f32[N, D] */
  readonly output: Tensor;
  /** @param gradient of `output`, f32[N, D] */
  backward(gradient: Tensor): LayerNormGradients;
}

/**
 * Layer normalisation over the last dimension (Ba, Kiros and Hinton 2016), with its backward pass.
 *
 * @param x f32[N, D]
 * @param gain f32[D]
 * @param bias f32[D]
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): LayerNorm {
  const width = x.shape[1] as number;
  // Sums along a row are products with a column of ones: the fastest reduction that there is on a processor.
  const mean = tf.fill([width, 1], 1 / width);
  const averageOf = (values: Tensor): Tensor => tf.matMul(values, mean);
  const centred = tf.sub(x, averageOf(x));
  const inverse = tf.rsqrt(tf.add(averageOf(tf.square(centred)), epsilon));
  const normal = tf.mul(centred, inverse);
  return {
    output: tf.add(tf.mul(normal, gain), bias),
    backward(gradient) {
      const scaled = tf.mul(gradient, gain);
      const along = tf.mul(normal, averageOf(tf.mul(scaled, normal)));
      return {
        x: tf.mul(tf.sub(tf.sub(scaled, averageOf(scaled)), along), inverse),
        gain: tf.sum(tf.mul(gradient, normal), 0),
        bias: tf.sum(gradient, 0),
      };
    },
  };
}

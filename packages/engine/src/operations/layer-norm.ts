import { type Tensor, tf } from '../tensorflow-js.js';
import { addBias } from './add-bias.js';

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
 * Layer normalisation over the last dimension (Ba, Kiros and Hinton 2016), with its backward pass. Equal bits with any
 * number of threads: sums over rows are reductions, since a product with a vector of ones, and TensorFlow's
 * `BiasAddGrad`, split their sums by the number of threads.
 *
 * @param x f32[N, D]
 * @param gain f32[D]
 * @param bias f32[D]
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): LayerNorm {
  const average = (values: Tensor): Tensor => tf.mean(values, 1, true);
  const centred = tf.sub(x, average(x));
  const inverse = tf.rsqrt(tf.add(average(tf.square(centred)), epsilon));
  const normal = tf.mul(centred, inverse);
  return {
    output: addBias(tf.mul(normal, gain), bias),
    backward(gradient) {
      const scaled = tf.mul(gradient, gain);
      const along = tf.mul(normal, average(tf.mul(scaled, normal)));
      return {
        x: tf.mul(tf.sub(tf.sub(scaled, average(scaled)), along), inverse),
        gain: tf.sum(tf.mul(gradient, normal), 0),
        bias: tf.sum(gradient, 0),
      };
    },
  };
}

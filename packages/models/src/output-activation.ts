import type { FeatureActivation } from '@tributary/config';
import { type Tensor, tf } from '@tributary/engine';

export interface OutputActivation {
  /** @param sums f32[N, F] */
  apply(sums: Tensor): Tensor;
  /**
   * @param values what `apply` returned
   * @param gradient of the values; gives that of the sums
   */
  backward(values: Tensor, gradient: Tensor): Tensor;
}

/** Activations of a features head by the names of the run file. */
export const outputActivations: Readonly<Record<FeatureActivation, OutputActivation>> = {
  sigmoid: {
    apply: (sums) => tf.sigmoid(sums),
    backward: (values, gradient) => tf.mul(gradient, tf.mul(values, tf.sub(1, values))),
  },
  tanh: {
    apply: (sums) => tf.tanh(sums),
    backward: (values, gradient) => tf.mul(gradient, tf.sub(1, tf.square(values))),
  },
  relu: {
    apply: (sums) => tf.relu(sums),
    backward: (values, gradient) => tf.mul(gradient, tf.step(values)),
  },
  softmax: {
    apply: (sums) => tf.softmax(sums),
    backward: (values, gradient) => tf.mul(values, tf.sub(gradient, tf.sum(tf.mul(values, gradient), 1, true))),
  },
  linear: { apply: (sums) => sums, backward: (_values, gradient) => gradient },
};

import type { FeatureActivation } from '@tributary/config';
import { type Tensor, tf } from '@tributary/engine';
import type { OutputPart } from './generator.js';
import type { Head, HeadTargets } from './head.js';
import { outputActivations } from './output-activation.js';
import { outputLayer } from './output-layer.js';

export interface FeatureHeadOptions {
  /** Numbers in a frame, F. */
  readonly size: number;
  readonly activation: FeatureActivation;
}

/** Continuous outputs: a linear layer and an activation; the loss is the mean of squares over real frames and features. */
export function featureHead(parts: readonly OutputPart[], { size, activation }: FeatureHeadOptions): Head {
  const layer = outputLayer(parts, size);
  const { apply, backward } = outputActivations[activation];
  const differences = (frames: Tensor, targets: HeadTargets): Tensor => {
    if (!targets.frames) throw new RangeError('a features head needs target frames');
    return tf.mul(tf.sub(frames, targets.frames), tf.reshape(targets.mask, [-1, 1]));
  };
  return {
    parameters: layer.parameters,
    train({ own }, outputs, targets) {
      const frames = apply(layer.apply(own, outputs));
      const difference = differences(frames, targets);
      // A batch of nothing but padding has loss 0 and gradient 0, not 0/0.
      const share = tf.div(1 / size, tf.maximum(tf.sum(targets.mask), 1));
      return {
        loss: tf.mul(tf.sum(tf.square(difference)), share),
        backward() {
          const ofFrames = tf.mul(difference, tf.mul(share, 2));
          return { ...layer.backward(own, outputs, backward(frames, ofFrames)), table: undefined };
        },
      };
    },
    evaluate({ own }, outputs, targets) {
      const frames = apply(layer.apply(own, outputs));
      const squares = tf.sum(tf.square(differences(frames, targets)));
      const count = tf.sum(targets.mask);
      return [tf.div(squares, size), count, tf.scalar(0), squares, tf.mul(count, size)];
    },
    predict: ({ own }, outputs) => apply(layer.apply(own, outputs)),
  };
}

import { operations, tf } from '@tributary/engine';
import type { OutputPart } from './generator.js';
import type { Head } from './head.js';
import { ownOutput, tiedOutput } from './logit-layer.js';

export interface TokenHeadOptions {
  readonly vocabulary: number;
  readonly labelSmoothing: number;
  /** Width of the target table, where its transpose is the output matrix; null: the head has matrices of its own. */
  readonly tiedTo: number | null;
}

/** Symbols: softmax over the vocabulary and cross-entropy, the mean over target tokens, nats. */
export function tokenHead(parts: readonly OutputPart[], options: TokenHeadOptions): Head {
  const { vocabulary, labelSmoothing, tiedTo } = options;
  const layer = tiedTo === null ? ownOutput(parts, vocabulary) : tiedOutput(parts, vocabulary, tiedTo);
  return {
    parameters: layer.parameters,
    train(views, outputs, targets) {
      const { logits, backward } = layer.apply(views, outputs);
      // A batch of nothing but padding has loss 0 and gradient 0, not 0/0.
      const share = tf.div(targets.mask, tf.maximum(tf.sum(targets.mask), 1));
      const { loss, gradient } = operations.sparseCrossEntropy(logits, targets.ids.as1D(), labelSmoothing, share);
      return { loss: tf.sum(tf.mul(loss, share)), backward: () => backward(gradient) };
    },
    evaluate(views, outputs, { ids, mask }) {
      const { logits } = layer.apply(views, outputs);
      const hits = tf.cast(tf.equal(tf.argMax(logits, 1), ids), 'float32');
      const { loss } = operations.sparseCrossEntropy(logits, ids.as1D(), 0);
      return [tf.sum(tf.mul(loss, mask)), tf.sum(mask), tf.sum(tf.mul(hits, mask))];
    },
    rowLosses(views, outputs, { ids, mask }, batch) {
      const { logits } = layer.apply(views, outputs);
      const { loss } = operations.sparseCrossEntropy(logits, ids.as1D(), 0);
      return tf.sum(tf.reshape(tf.mul(loss, mask), [-1, batch]), 0);
    },
    predict: (views, outputs) => layer.apply(views, outputs).logits,
  };
}

import { TributaryError } from '@tributary/protocol';
import { type Tensor, tf } from '../tensorflow-js.js';
import { type NativeGraph, operation } from './native-graph.js';

export interface SparseCrossEntropy {
  /** Cross-entropy of each row, nats, f32[N]; not scaled. */
  readonly loss: Tensor;
  /** Gradient of Σ rowScale · loss with respect to the logits, f32[N, V]. */
  readonly gradient: Tensor;
}

/**
 * Softmax cross-entropy of rows against one label each, with label smoothing (Szegedy et al. 2016: the target
 * distribution gives 1 - smoothing to the label and spreads `smoothing` evenly over the vocabulary), and its gradient.
 * Inside a TensorFlow graph no one-hot of the vocabulary is made.
 *
 * @param logits f32[N, V]
 * @param labels i32[N], each in 0..V-1
 * @param smoothing in 0..1
 * @param rowScale f32[N], what the caller multiplies each row's loss by (for example mask / tokens); 1 if left out
 * @throws where a run brings a label outside 0..V-1 (by TensorFlow, or a TributaryError `DATA_INVALID` elsewhere)
 */
export function sparseCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  smoothing: number,
  rowScale?: Tensor,
): SparseCrossEntropy {
  const { loss, gradient } = operation(
    'sparseCrossEntropy',
    (graph) => ({ ...native(graph, logits, labels, smoothing, rowScale) }),
    () => ({ ...composed(logits, labels, smoothing, rowScale) }),
  );
  return { loss, gradient };
}

/**
 * One softmax, from which the loss comes too: log Σ exp x = max x - log max softmax(x), whose last term is never far from
 * zero. TensorFlow's own SparseSoftmaxCrossEntropyWithLogits takes about twice the time.
 */
function native(
  graph: NativeGraph,
  logits: Tensor,
  labels: Tensor,
  smoothing: number,
  rowScale: Tensor | undefined,
): SparseCrossEntropy {
  const [rows, vocabulary] = logits.shape as [number, number];
  const { TF_FLOAT, TF_INT32 } = graph.binding;
  const probabilities = tf.softmax(logits);
  const partition = tf.sub(tf.max(logits, 1), tf.log(tf.max(probabilities, 1)));
  const picked = tf.reshape(tf.gather(logits, tf.reshape(labels, [rows, 1]), 1, 1), [rows]);
  const expected =
    smoothing === 0 ? picked : tf.add(tf.mul(picked, 1 - smoothing), tf.mul(tf.mean(logits, 1), smoothing));
  const lowered = smoothing === 0 ? probabilities : tf.sub(probabilities, smoothing / vocabulary);
  const scaled = rowScale === undefined ? lowered : tf.mul(lowered, tf.reshape(rowScale, [rows, 1]));
  // The label's share is taken from one number a row, in place.
  const share = tf.mul(rowScale ?? tf.ones([rows]), 1 - smoothing);
  const positions = tf.stack([tf.range(0, rows, 1, 'int32'), labels], 1);
  const gradient = graph.tensor(
    graph.one('TensorScatterSub', [graph.of(scaled), graph.of(positions), graph.of(share)], {
      ...graph.type('T', TF_FLOAT),
      ...graph.type('Tindices', TF_INT32),
    }),
  );
  return { loss: tf.sub(partition, expected), gradient };
}

function composed(logits: Tensor, labels: Tensor, smoothing: number, rowScale: Tensor | undefined): SparseCrossEntropy {
  const [rows, vocabulary] = logits.shape as [number, number];
  checkLabels(labels, vocabulary);
  const logProbabilities = tf.logSoftmax(logits);
  const positions = tf.add(labels, tf.range(0, rows * vocabulary, vocabulary, 'int32'));
  const picked = tf.gather(tf.reshape(logProbabilities, [rows * vocabulary]), tf.reshape(positions, [rows]));
  const kept =
    smoothing === 0 ? picked : tf.add(tf.mul(picked, 1 - smoothing), tf.mul(tf.mean(logProbabilities, 1), smoothing));
  // The wasm kernel gets a one-hot of floats wrong; integers are right.
  const hits = tf.cast(tf.oneHot(tf.reshape(labels, [rows]), vocabulary), 'float32');
  const expected = smoothing === 0 ? hits : tf.add(tf.mul(hits, 1 - smoothing), smoothing / vocabulary);
  const difference = tf.sub(tf.exp(logProbabilities), expected);
  const gradient = rowScale === undefined ? difference : tf.mul(difference, tf.reshape(rowScale, [rows, 1]));
  return { loss: tf.neg(kept), gradient };
}

/** Backends other than TensorFlow look up whatever lies at a label out of range. One that cannot be read here passes. */
function checkLabels(labels: Tensor, vocabulary: number): void {
  const backend = tf.getBackend();
  if (backend !== 'wasm' && backend !== 'cpu') return;
  const wrong = (labels.dataSync() as Int32Array).find((label) => label < 0 || label >= vocabulary);
  if (wrong === undefined) return;
  throw new TributaryError(
    'DATA_INVALID',
    `Label ${wrong} is not in 0..${vocabulary - 1}: the data was encoded with another vocabulary than the model's.`,
  );
}

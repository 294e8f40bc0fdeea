import { randomStream } from '@tributary/random';
import type { Data, TensorFunction, TensorSpec } from '../compute-backend.js';
import { elementsOf } from '../tensor-spec.js';
import { type Tensor, tf } from '../tensorflow-js.js';

export interface SequenceSizes {
  readonly vocabulary: number;
  readonly width: number;
  readonly batch: number;
  readonly length: number;
}

export interface SequenceFunction {
  /** Inputs: flat parameters, source ids, target ids. Outputs: loss, gradient of the flat parameters. */
  readonly fn: TensorFunction;
  readonly inputs: readonly TensorSpec[];
  readonly parameters: number;
  draw(seed: number): Data[];
}

/**
 * The gradient of a small sequence model (GRU encoder, GRU decoder with additive attention, cross-entropy), as large a
 * graph as the models' own: what whole-function tests and measurements run.
 */
export function sequenceFunction({ vocabulary, width, batch, length }: SequenceSizes): SequenceFunction {
  const shapes: readonly (readonly number[])[] = [
    [vocabulary, width],
    [width, 3 * width],
    [width, 3 * width],
    [2 * width, 3 * width],
    [width, 3 * width],
    [width, width],
    [width, width],
    [width, 1],
    [2 * width, vocabulary],
  ];
  const parameters = shapes.reduce((sum, shape) => sum + elementsOf(shape), 0);

  function cell(x: Tensor, h: Tensor, recurrent: Tensor): Tensor {
    const [xr, xz, xn] = tf.split(x, 3, 1) as [Tensor, Tensor, Tensor];
    const [hr, hz, hn] = tf.split(tf.matMul(h, recurrent), 3, 1) as [Tensor, Tensor, Tensor];
    const candidate = tf.tanh(tf.add(xn, tf.mul(tf.sigmoid(tf.add(xr, hr)), hn)));
    return tf.add(candidate, tf.mul(tf.sigmoid(tf.add(xz, hz)), tf.sub(h, candidate)));
  }

  function loss(flat: Tensor, source: Tensor, target: Tensor): Tensor {
    let offset = 0;
    const [embedding, encode, encodeState, decode, decodeState, keysOf, queryOf, energyOf, project] = shapes.map(
      (shape) => {
        const size = elementsOf(shape);
        offset += size;
        return tf.reshape(tf.slice(flat, [offset - size], [size]), [...shape]);
      },
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const rows = batch * length;
    const embedded = (ids: Tensor) => tf.gather(embedding, tf.reshape(ids, [rows]));
    let h: Tensor = tf.zeros([batch, width]);
    const inputs = tf.unstack(tf.reshape(tf.matMul(embedded(source), encode), [batch, length, 3 * width]), 1);
    const memory = tf.stack(
      inputs.map((x) => (h = cell(x, h, encodeState))),
      1,
    );
    const keys = tf.reshape(tf.matMul(tf.reshape(memory, [rows, width]), keysOf), [batch, length, width]);
    const targets = tf.unstack(tf.reshape(embedded(target), [batch, length, width]), 1);
    const outputs = targets.map((x) => {
      const energies = tf.tanh(tf.add(keys, tf.expandDims(tf.matMul(h, queryOf), 1)));
      const scores = tf.reshape(tf.matMul(tf.reshape(energies, [rows, width]), energyOf), [batch, length]);
      const context = tf.reshape(tf.matMul(tf.expandDims(tf.softmax(scores), 1), memory), [batch, width]);
      h = cell(tf.matMul(tf.concat([x, context], 1), decode), h, decodeState);
      return tf.concat([h, context], 1);
    });
    const logits = tf.matMul(tf.reshape(tf.stack(outputs, 1), [rows, 2 * width]), project);
    const wanted = tf.oneHot(tf.reshape(target, [rows]), vocabulary);
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), wanted), -1)));
  }

  return {
    parameters,
    inputs: [
      { shape: [parameters], dtype: 'float32' },
      { shape: [batch, length], dtype: 'int32' },
      { shape: [batch, length], dtype: 'int32' },
    ],
    fn: ([flat, source, target]) => {
      const { value, grad } = tf.valueAndGrad((x) => loss(x, source as Tensor, target as Tensor))(flat as Tensor);
      return [value, grad];
    },
    draw(seed) {
      const stream = randomStream(seed, 'sequence-function');
      const ids = () => Int32Array.from({ length: batch * length }, () => stream.below(vocabulary));
      return [Float32Array.from({ length: parameters }, () => (stream.uniform() - 0.5) * 0.2), ids(), ids()];
    },
  };
}

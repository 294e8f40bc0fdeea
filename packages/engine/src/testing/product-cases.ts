import { tf } from '../tensorflow-js.js';
import { float, int, type OperationCase, smooth } from './operation-cases.js';

const a = float([3, 4]);
const aTurned = float([4, 3]);
const b = float([4, 5]);
const bTurned = float([5, 4]);

/** One step of a GRU, gates in the order reset, update, candidate. */
function gru(x: ReturnType<typeof tf.add>, h: typeof x, wx: typeof x, wh: typeof x) {
  const [xr, xz, xn] = tf.split(tf.matMul(x, wx), 3, 1) as [typeof x, typeof x, typeof x];
  const [hr, hz, hn] = tf.split(tf.matMul(h, wh), 3, 1) as [typeof x, typeof x, typeof x];
  const reset = tf.sigmoid(tf.add(xr, hr));
  const update = tf.sigmoid(tf.add(xz, hz));
  const candidate = tf.tanh(tf.add(xn, tf.mul(reset, hn)));
  return tf.add(candidate, tf.mul(update, tf.sub(h, candidate)));
}

export const productCases: readonly OperationCase[] = [
  smooth('matMul', [a, b], (x, y) => tf.matMul(x, y)),
  smooth('matMul, a transposed', [aTurned, b], (x, y) => tf.matMul(x, y, true)),
  smooth('matMul, b transposed', [a, bTurned], (x, y) => tf.matMul(x, y, false, true)),
  smooth('matMul, both transposed', [aTurned, bTurned], (x, y) => tf.matMul(x, y, true, true)),
  smooth('matMul of batches', [float([2, 3, 4]), float([2, 4, 5])], (x, y) => tf.matMul(x, y)),
  smooth('matMul of batches, b transposed', [float([2, 3, 4]), float([2, 5, 4])], (x, y) =>
    tf.matMul(x, y, false, true),
  ),
  smooth('matMul of batches of heads', [float([2, 2, 3, 4]), float([2, 2, 4, 5])], (x, y) => tf.matMul(x, y)),
  smooth('fused matMul', [a, b, float([5])], (x, y, bias) =>
    tf.fused.matMul({ a: x as never, b: y as never, bias, activation: 'relu' }),
  ),
  smooth('dot', [float([4]), float([4])], (x, y) => tf.dot(x, y)),
  smooth('outerProduct', [float([3]), float([4])], (x, y) => tf.outerProduct(x as never, y as never)),
  smooth(
    'additive attention',
    [float([2, 5, 4]), float([2, 3]), float([3, 4]), float([4, 1]), int([2, 5], 2)],
    (keys, query, w, v, mask) => {
      const energies = tf.tanh(tf.add(keys, tf.expandDims(tf.matMul(query, w), 1)));
      const scores = tf.reshape(tf.matMul(tf.reshape(energies, [10, 4]), v), [2, 5]);
      const masked = tf.where(tf.cast(mask, 'bool'), scores, tf.fill([2, 5], -1e9));
      return tf.reshape(tf.matMul(tf.expandDims(tf.softmax(masked), 1), keys), [2, 4]);
    },
  ),
  smooth('gru', [float([3, 4]), float([3, 5]), float([4, 15]), float([5, 15])], (x, h, wx, wh) =>
    gru(x, gru(x, h, wx, wh), wx, wh),
  ),
];

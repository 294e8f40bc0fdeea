import { fillPhilox } from '@tributary/random';
import { elementsOf } from '../tensor-spec.js';
import { type Tensor, tf } from '../tensorflow-js.js';
import { type NativeGraph, type NativeValue, nativeTypes, operation } from './native-graph.js';

/** Second word of the key, so that these streams meet no other of the same seed. */
export const drawKey = 0x7472_6962;

/** Layers that a lane can tell apart. */
export const layerLimit = 0x1_0000;

/** TensorFlow's number of the Philox algorithm. */
const philoxAlgorithm = 1;

/**
 * Random numbers are counter-based (Philox4x32-10, Salmon et al. 2011): key [seed, a constant], counter [block low,
 * block high, step, lane · 65536 + layer]; word i of a draw is word i mod 4 of block ⌊i / 4⌋. So they are a pure
 * function of seed, step, lane and layer: the same in a traced graph, op by op, on every backend and at any placement,
 * and no two draws overlap below 2^66 words.
 *
 * @param draw i32[3]: seed, step, lane (lane below 65536)
 * @param layer a number of the place in the model that draws, in 0..65535
 */
function checkLayer(layer: number): void {
  if (Number.isInteger(layer) && layer >= 0 && layer < layerLimit) return;
  throw new RangeError(`layer ${layer} is not an integer in 0..${layerLimit - 1}`);
}

/** Uniform int32 over the whole range, as a flat value of the graph. */
function nativeIntegers(graph: NativeGraph, draw: Tensor, layer: number, count: number): NativeValue {
  const { TF_INT32 } = graph.binding;
  const words = graph.of(draw);
  const word = (index: number): NativeValue =>
    graph.one('Slice', [words, graph.int32([1], [index]), graph.int32([1], [1])], {
      ...graph.type('T', TF_INT32),
      ...graph.type('Index', TF_INT32),
    });
  const [seed, step, lane] = [word(0), word(1), word(2)];
  const place = graph.plain(
    'AddV2',
    graph.plain('Mul', lane, graph.int32([1], [layerLimit])),
    graph.int32([1], [layer]),
  );
  const key = graph.reshape(graph.concat([seed, graph.int32([1], [drawKey])], 0), [1, 2]);
  const counter = graph.reshape(graph.concat([graph.int32([2], [0, 0]), step, place], 0), [2, 2]);
  return graph.one(
    'StatelessRandomUniformFullIntV2',
    [
      graph.int32([1], [count]),
      graph.bitcast(key, nativeTypes.uint64),
      graph.bitcast(counter, nativeTypes.uint64),
      graph.int32([], [philoxAlgorithm]),
    ],
    { ...graph.type('dtype', TF_INT32), ...graph.type('Tshape', TF_INT32) },
  );
}

/** The same numbers in JavaScript. */
function integers(draw: Tensor, layer: number, count: number): Int32Array {
  const [seed, step, lane] = draw.dataSync() as Int32Array;
  const place = (lane as number) * layerLimit + layer;
  return fillPhilox(new Int32Array(count), [0, 0, step as number, place], [seed as number, drawKey]);
}

/**
 * A mask for dropout: each element is 0 with probability `rate`, else 1 / (1 - rate). An element takes half a word, the
 * lower half first: that nearly halves the time, and a rate to 2^-17 is enough.
 *
 * @param draw i32[3]: seed, step, lane
 * @param layer which of the model's draws this is, in 0..65535; two masks of one function need two numbers
 * @param rate in [0, 1)
 * @returns f32 of the given shape
 */
export function randomMask(draw: Tensor, layer: number, shape: readonly number[], rate: number): Tensor {
  checkLayer(layer);
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`rate ${rate} is not in [0, 1)`);
  const count = elementsOf(shape);
  const words = Math.ceil(count / 2);
  // Halves below it are dropped: int16 holds 2^16 numbers from -2^15 up.
  const threshold = Math.round(rate * 2 ** 16) - 2 ** 15;
  const kept = 1 / (1 - rate);
  return operation(
    'randomMask',
    (graph) => {
      const { TF_FLOAT } = graph.binding;
      const halves = graph.bitcast(nativeIntegers(graph, draw, layer, words), nativeTypes.int16);
      const keep = graph.plain('GreaterEqual', halves, graph.cast(graph.int32([], [threshold]), nativeTypes.int16));
      const mask = graph.plain('Mul', graph.cast(keep, TF_FLOAT), graph.float32(kept));
      const all = graph.tensor(graph.reshape(mask, [2 * words]));
      return tf.reshape(2 * words === count ? all : tf.slice(all, [0], [count]), [...shape]);
    },
    () => {
      const halves = new Int16Array(integers(draw, layer, words).buffer, 0, count);
      return tf.tensor(
        Float32Array.from(halves, (half) => (half >= threshold ? kept : 0)),
        [...shape],
      );
    },
  );
}

/**
 * Uniform numbers in [0, 1), multiples of 2^-24.
 *
 * @param draw i32[3]: seed, step, lane
 * @param layer which of the model's draws this is, in 0..65535
 * @returns f32 of the given shape
 */
export function randomUniform(draw: Tensor, layer: number, shape: readonly number[]): Tensor {
  checkLayer(layer);
  const count = elementsOf(shape);
  return operation(
    'randomUniform',
    (graph) => {
      const { TF_FLOAT } = graph.binding;
      const drawn = nativeIntegers(graph, draw, layer, count);
      // The upper 24 bits, from -2^23 to 2^23 - 1: exact in float32 from here on.
      const upper = graph.plain('RightShift', drawn, graph.int32([], [8]));
      const scaled = graph.plain('Mul', graph.cast(upper, TF_FLOAT), graph.float32(2 ** -24));
      return graph.tensor(graph.reshape(graph.plain('AddV2', scaled, graph.float32(0.5)), shape));
    },
    () =>
      tf.tensor(
        Float32Array.from(integers(draw, layer, count), (x) => (x >> 8) * 2 ** -24 + 0.5),
        [...shape],
      ),
  );
}

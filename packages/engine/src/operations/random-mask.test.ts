import { philox } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import type { ComputeBackend, Data } from '../compute-backend.js';
import { openBackend } from '../open-backend.js';
import { elementsOf } from '../tensor-spec.js';
import { openTensorflowEager } from '../tensorflow/tensorflow-backend.js';
import type { Tensor } from '../tensorflow-js.js';
import { operation } from './native-graph.js';
import { drawKey, randomMask, randomUniform } from './random-mask.js';

const options = { device: 'cpu', threads: 1 } as const;
const traced = await openBackend({ ...options, prefer: 'tensorflow' });
const others: readonly ComputeBackend[] = [
  openTensorflowEager(options),
  await openBackend({ ...options, prefer: 'wasm' }),
  await openBackend({ ...options, prefer: 'cpu' }),
];

type Draw = readonly [seed: number, step: number, lane: number];

async function numbers(backend: ComputeBackend, fn: (draw: Tensor) => Tensor, draw: Draw): Promise<Data> {
  const compiled = backend.trace('draw', ([key]) => [fn(key as Tensor)], [{ shape: [3], dtype: 'int32' }]);
  const [result] = await compiled.run([Int32Array.from(draw)]);
  compiled.dispose();
  return result as Data;
}

const mask = (draw: Draw, layer: number, size: number, rate = 0.5) =>
  numbers(traced, (key) => randomMask(key, layer, [size], rate), draw);

const shapes = [[1], [3], [7], [8], [5, 9], [2, 3, 4], [64, 33], []];
const draws: readonly Draw[] = [
  [0, 0, 0],
  [1234567, 89, 3],
  [-1, 2 ** 31 - 1, 65535],
  [2 ** 31 - 1, -(2 ** 31), 32768],
];

describe.each(others.map((backend) => [backend.version, backend] as const))('%s', (_, backend) => {
  it('draws exactly the numbers of a traced graph', async () => {
    for (const [index, shape] of shapes.entries()) {
      const layer = index * 9362;
      const maskOf = (key: Tensor) => randomMask(key, layer, shape, 0.1 * index);
      const uniformOf = (key: Tensor) => randomUniform(key, layer, shape);
      for (const draw of draws) {
        const expected = await numbers(traced, maskOf, draw);
        expect(expected).toHaveLength(elementsOf(shape));
        expect(await numbers(backend, maskOf, draw)).toEqual(expected);
        expect(await numbers(backend, uniformOf, draw)).toEqual(await numbers(traced, uniformOf, draw));
      }
    }
  });
});

describe('randomUniform', () => {
  it('is Philox with key [seed, constant] and counter [block, 0, step, lane · 65536 + layer]', async () => {
    const values = await numbers(traced, (key) => randomUniform(key, 77, [12]), [-5, 6, 40000]);
    const words = [0, 1, 2].flatMap((block) => philox([block, 0, 6, (40000 * 65536 + 77) >>> 0], [-5 >>> 0, drawKey]));
    expect([...values]).toEqual(words.map((word) => ((word | 0) >> 8) * 2 ** -24 + 0.5));
  });

  it('lies in [0, 1) with mean 1/2 and variance 1/12', async () => {
    const values = [...(await numbers(traced, (key) => randomUniform(key, 0, [100_000]), [3, 4, 5]))];
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(0.004);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
  });
});

describe('randomMask', () => {
  it.each([0, 0.1, 0.5, 0.9])('drops a share of %d and keeps the mean at 1', async (rate) => {
    const size = 200_000;
    const values = await mask([9, 1, 2], 0, size, rate);
    const dropped = values.filter((value: number) => value === 0).length;
    const deviation = Math.sqrt((rate * (1 - rate)) / size);
    expect(Math.abs(dropped / size - rate)).toBeLessThanOrEqual(4 * deviation + 2 ** -17);
    expect(new Set(values.filter((value: number) => value !== 0))).toEqual(new Set([Math.fround(1 / (1 - rate))]));
  });

  it('differs by seed, step, lane and layer, and agrees with another as often as chance does', async () => {
    const size = 40_000;
    const first = await mask([1, 1, 1], 1, size);
    expect(await mask([1, 1, 1], 1, size)).toEqual(first);
    const relatives = await Promise.all([
      mask([2, 1, 1], 1, size),
      mask([1, 2, 1], 1, size),
      mask([1, 1, 2], 1, size),
      mask([1, 1, 1], 2, size),
      mask([1, 1, 0], 1, size),
    ]);
    for (const other of relatives) {
      const agreeing = other.filter((value: number, index: number) => value === first[index]).length;
      // Five standard deviations of a fair coin.
      expect(Math.abs(agreeing / size - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / size));
    }
  });

  it('has a prefix that does not depend on the size', async () => {
    expect((await mask([1, 2, 3], 4, 1001)).slice(0, 500)).toEqual(await mask([1, 2, 3], 4, 500));
  });

  it('refuses layers and rates out of range', async () => {
    await expect(mask([1, 1, 1], 65536, 4)).rejects.toThrow('layer 65536');
    await expect(mask([1, 1, 1], 0, 4, 1)).rejects.toThrow('rate 1 is not in [0, 1)');
  });
});

describe('a trace', () => {
  it.each([
    'StatelessRandomUniformFullInt',
    'StatelessRandomUniformV2',
    'StatelessRandomNormalV2',
    'StatelessMultinomial',
    'RandomUniform',
  ])("refuses %s: of TensorFlow's draws only the one that these are made of is let through", (op) => {
    const fn = () =>
      operation(
        'drawn',
        (graph) => graph.tensor(graph.one(op, [], {})),
        () => {
          throw new Error('no graph');
        },
      );
    expect(() => traced.trace('refused', () => [fn()], [])).toThrow(
      expect.objectContaining({ code: 'TRACE_REFUSED', message: expect.stringMatching(/draws random numbers/) }),
    );
  });
});

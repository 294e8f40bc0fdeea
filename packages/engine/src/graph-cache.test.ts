import { afterAll, describe, expect, it } from 'vitest';
import { compile } from './compile.js';
import type { TensorSpec } from './compute-backend.js';
import { GraphCache, type TraceEvent } from './graph-cache.js';
import { openBackend } from './open-backend.js';
import { type Tensor, tf } from './tensorflow-js.js';

const vector = (length: number): TensorSpec[] => [{ shape: [length], dtype: 'float32' }];
const ones = (length: number) => [{ shape: [length], data: new Float32Array(length).fill(1) }];

describe.each(['tensorflow', 'wasm'] as const)('%s', async (prefer) => {
  const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
  afterAll(() => backend.dispose());

  it('compiles once for each combination of shapes', async () => {
    const events: TraceEvent[] = [];
    const sum = compile(backend, 'sum', ([x]) => [tf.sum(x as Tensor)], { onTrace: (event) => events.push(event) });
    for (const length of [3, 5, 3, 5, 3]) expect(await sum.run(ones(length))).toEqual([Float32Array.of(length)]);
    expect(events.map(({ name, inputs, held }) => [name, inputs[0]?.shape, held])).toEqual([
      ['sum', [3], 1],
      ['sum', [5], 2],
    ]);
    const { traceMs, timing } = events[0] as TraceEvent;
    expect(timing.recordMs + timing.loadMs + timing.firstRunMs).toBeCloseTo(traceMs, 6);
    expect(sum.graphs.map(({ inputs }) => inputs[0]?.shape)).toEqual([[3], [5]]);
    sum.dispose();
    expect(sum.graphs).toEqual([]);
    expect(backend.memory().graphs).toBe(0);
  });

  it('tells element types and precisions apart', async () => {
    const double = compile(backend, 'double', ([x]) => [tf.add(x as Tensor, x as Tensor)]);
    expect(await double.run([{ shape: [1], data: Float32Array.of(1.5) }])).toEqual([Float32Array.of(3)]);
    expect(await double.run([{ shape: [1], data: Int32Array.of(2) }])).toEqual([Int32Array.of(4)]);
    expect(double.graphs).toHaveLength(2);
    double.dispose();
  });

  it('gives up the least recently used graph beyond its bound, and compiles it again when it is needed', async () => {
    const events: TraceEvent[] = [];
    const cache = new GraphCache(backend, { maxGraphs: 2, onTrace: (event) => events.push(event) });
    const sum = compile(cache, 'sum', ([x]) => [tf.sum(x as Tensor)]);
    const kept = sum.at(vector(1));
    for (const length of [1, 2, 1, 3]) await sum.run(ones(length));
    expect(sum.graphs.map(({ inputs }) => inputs[0]?.shape[0])).toEqual([3, 1]);
    await sum.run(ones(2));
    expect(events.map(({ inputs, again }) => [inputs[0]?.shape[0], again])).toEqual([
      [1, false],
      [2, false],
      [3, false],
      [2, true],
    ]);
    expect(await kept.run([Float32Array.of(7)])).toEqual([Float32Array.of(7)]);
    expect(cache.counts).toMatchObject({ held: 2, traced: 5, tracedAgain: 2 });
    expect(backend.memory().graphs).toBe(2);
    cache.dispose();
    expect(backend.memory().graphs).toBe(0);
    await expect(kept.run([Float32Array.of(7)])).rejects.toThrow('its graph cache was disposed of');
  });

  it('keeps functions of one name apart, and one bound over all', async () => {
    const cache = new GraphCache(backend, { maxGraphs: 3 });
    const [half, twice] = [0.5, 2].map((by) => compile(cache, 'scale', ([x]) => [tf.mul(x as Tensor, by)]));
    expect(await half?.run(ones(1))).toEqual([Float32Array.of(0.5)]);
    expect(await twice?.run(ones(1))).toEqual([Float32Array.of(2)]);
    for (const length of [2, 3, 4]) await half?.run(ones(length));
    expect([half?.graphs.length, twice?.graphs.length]).toEqual([3, 0]);
    cache.dispose();
  });

  it('stands in for a backend, where a name means one function', async () => {
    const cache = new GraphCache(backend);
    const scale = (by: number) => cache.trace('scale', ([x]) => [tf.mul(x as Tensor, by)], vector(1));
    const first = scale(2);
    first.dispose();
    await expect(first.run([Float32Array.of(1)])).rejects.toThrow('after it was disposed of');
    expect(await scale(2).run([Float32Array.of(1)])).toEqual([Float32Array.of(2)]);
    expect(cache.counts).toMatchObject({ held: 1, traced: 1 });
    expect(() => cache.trace('scale', ([x]) => [tf.neg(x as Tensor)], vector(1))).toThrow('rename one');
    cache.dispose();
  });

  it('does not dispose of a graph while it runs', async () => {
    const cache = new GraphCache(backend, { maxGraphs: 1 });
    const sum = compile(cache, 'sum', ([x]) => [tf.sum(x as Tensor)]);
    const results = await Promise.all([1, 2, 3, 4].map((length) => sum.run(ones(length))));
    expect(results).toEqual([1, 2, 3, 4].map((length) => [Float32Array.of(length)]));
    expect(backend.memory().graphs).toBe(1);
    cache.dispose();
  });

  it('holds nothing of a function that was refused', () => {
    const cache = new GraphCache(backend);
    const refused = compile(cache, 'refused', ([x]) => [tf.greater(x as Tensor, 0)]);
    for (let i = 0; i < 2; i++) expect(() => refused.at(vector(1))).toThrow('Output 0 of refused is bool');
    expect(cache.counts.held).toBe(0);
  });
});

it('gives up graphs beyond a bound on bytes, but never the newest', async () => {
  const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
  const cache = new GraphCache(backend, { maxBytes: 1 });
  const sum = compile(cache, 'sum', ([x]) => [tf.sum(x as Tensor)]);
  for (const length of [1, 2]) await sum.run(ones(length));
  expect(sum.graphs.map(({ inputs }) => inputs[0]?.shape[0])).toEqual([2]);
  expect(cache.counts.bytes).toBeGreaterThan(1);
  backend.dispose();
});

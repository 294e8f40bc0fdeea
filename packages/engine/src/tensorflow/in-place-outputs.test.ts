import { afterAll, describe, expect, it } from 'vitest';
import { allocateVectors } from '../aligned-vectors.js';
import { openBackend } from '../open-backend.js';
import { type Tensor, tf } from '../tensorflow-js.js';
import type { NodeBackend } from './binding.js';

const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 2 });
const { binding } = tf.findBackend('tensorflow') as unknown as NodeBackend;
const size = 20_000;
const traced = backend.trace(
  'in place',
  ([x]) => {
    const a = x as Tensor;
    return [tf.mul(a, 2), tf.cast(tf.add(a, 1), 'int32'), tf.sum(a), a];
  },
  [{ shape: [size], dtype: 'float32' }],
);
const input = Float32Array.from({ length: size }, (_, i) => i);
const doubled = input.map((value) => 2 * value);
const incremented = Int32Array.from(input, (value) => value + 1);

afterAll(() => backend.dispose());

describe('large outputs', () => {
  it('land in aligned vectors, and elsewhere all the same', async () => {
    const [a, b] = allocateVectors([size, size]) as [Float32Array, Float32Array];
    const outputs = await traced.run([input], [a, undefined, undefined, b]);
    expect(outputs[0]).toBe(a);
    expect(outputs[3]).toBe(b);
    expect(a).toEqual(doubled);
    expect(outputs[1]).toEqual(incremented);
    expect(b).toEqual(input);
    const plain = new Float32Array(size);
    expect((await traced.run([input], [plain]))[0]).toBe(plain);
    expect(plain).toEqual(doubled);
  });

  it('belong to the caller: the next run leaves them alone', async () => {
    const first = await traced.run([input]);
    await traced.run([new Float32Array(size)]);
    expect(first[0]).toEqual(doubled);
    expect(first[1]).toEqual(incremented);
    expect(first[3]).toEqual(input);
  });

  it('may be asked for on the memory of an input, or twice on one', async () => {
    const [a] = allocateVectors([size]) as [Float32Array];
    a.set(input);
    const [, , sum] = await traced.run([a], [a]);
    expect(a).toEqual(doubled);
    expect(sum?.[0]).toBeCloseTo((size * (size - 1)) / 2, -4);
    const [b] = allocateVectors([size]) as [Float32Array];
    await traced.run([input], [b, undefined, undefined, b]);
    expect(b).toEqual(input);
  });

  it('may be asked for at any place in memory', async () => {
    const [memory] = allocateVectors([size + 64]) as [Float32Array];
    for (const offset of [0, 1, 8, 16, 17, 64]) {
      const place = memory.subarray(offset, offset + size);
      await traced.run([input], [place]);
      expect(place).toEqual(doubled);
    }
  });

  it('are written while the inputs stay as they were, and no tensor stays behind', async () => {
    const [x, a] = allocateVectors([size, size]) as [Float32Array, Float32Array];
    x.set(input);
    const before = binding.getNumOfTensors();
    for (let i = 0; i < 20; i++) await traced.run([x], [a]);
    expect(x).toEqual(input);
    expect(binding.getNumOfTensors()).toBe(before);
  });
});

describe('vectors', () => {
  it('are zeroed, apart, and of any length', () => {
    const vectors = allocateVectors([3, 0, 17, 100_000]);
    expect(vectors.map(({ length }) => length)).toEqual([3, 0, 17, 100_000]);
    vectors.forEach((vector, index) => {
      vector.fill(index);
    });
    vectors.forEach((vector, index) => {
      expect(vector.every((value) => value === index)).toBe(true);
      expect(vector.byteOffset % 64).toBe(0);
    });
    expect(allocateVectors([])).toEqual([]);
    expect(allocateVectors([0])[0]?.length).toBe(0);
  });
});

import { createHash } from 'node:crypto';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { scaledKernel, sumKernels } from '../optimizer/gradient-sum.js';
import { optimizerKernels } from '../optimizer/update-rule.js';
import type { ElementwiseKernel } from './expression.js';
import { VectorKernels } from './vector-kernels.js';

const kernels: readonly ElementwiseKernel[] = [...optimizerKernels, ...sumKernels];
const wasm = new VectorKernels(kernels);
const javascript = new VectorKernels(kernels, 'javascript');

const special = [0, -0, 1, -1, 1e-45, -1e-45, 1.1754943508222875e-38, -1e-39, 3.4028234663852886e38, -3e38];
const notFinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
const scalarCases = [0.9, 0.999, 0.001, 1, 0, -0, 1e-8, 1e-30, 1e-45, 3e38, 0.1];

/** Random bit patterns of every exponent, ordinary values, and the special ones. */
function draw(name: string, length: number, finite: boolean): Float32Array {
  const stream = randomStream(11, name);
  const bits = new Uint32Array(1);
  const asFloat = new Float32Array(bits.buffer);
  const chosen = finite ? special : [...special, ...notFinite];
  return Float32Array.from({ length }, () => {
    const way = stream.below(8);
    if (way === 0) return chosen[stream.below(chosen.length)] as number;
    if (way < 4) return stream.normal() * 10 ** (stream.below(12) - 8);
    bits[0] = stream.below(0x10000) * 0x10000 + stream.below(0x10000);
    const value = asFloat[0] as number;
    return finite && !Number.isFinite(value) ? 0.5 : value;
  });
}

/** SHA-256 of the bits; those of every NaN alike, since neither standard fixes them. */
function bitsOf(vector: Float32Array): string {
  const bits = new Uint32Array(vector.slice().buffer);
  for (let i = 0; i < bits.length; i++) if (Number.isNaN(vector[i])) bits[i] = 0x7fc00000;
  return createHash('sha256').update(bits).digest('hex');
}

const named = <Value>(names: readonly string[], value: (name: string, index: number) => Value) =>
  Object.fromEntries(names.map((name, index) => [name, value(name, index)]));

/** Runs a kernel on the same values in JavaScript and in WebAssembly, there on vectors placed by `place`. */
function both(
  kernel: ElementwiseKernel,
  length: number,
  round: number,
  place: (values: Float32Array, index: number) => Float32Array,
): [Record<string, string>, Record<string, string>] {
  const random = randomStream(3, kernel.name, String(round));
  const scalars = named(kernel.scalars, () =>
    round % 2 === 0 ? random.uniform() : (scalarCases[random.below(scalarCases.length)] as number),
  );
  const values = kernel.inputs.map((name) => draw(`${kernel.name} ${name} ${round}`, length, round % 3 !== 0));
  const expected = named(kernel.outputs, () => new Float32Array(length));
  javascript.run(
    kernel,
    scalars,
    named(kernel.inputs, (_, i) => values[i] as Float32Array),
    expected,
  );
  const placed = values.map(place);
  const actual = named(kernel.outputs, (_, i) => place(new Float32Array(length), values.length + i));
  wasm.run(
    kernel,
    scalars,
    named(kernel.inputs, (_, i) => placed[i] as Float32Array),
    actual,
  );
  placed.forEach((vector, i) => {
    expect(bitsOf(vector)).toEqual(bitsOf(values[i] as Float32Array));
  });
  return [
    named(kernel.outputs, (name) => bitsOf(actual[name] as Float32Array)),
    named(kernel.outputs, (name) => bitsOf(expected[name] as Float32Array)),
  ];
}

const inMemory = (length: number) => {
  const room = wasm.allocate(new Array<number>(8).fill(length + 8));
  return (values: Float32Array, index: number, shift = 0) => {
    const vector = (room[index] as Float32Array).subarray(shift, shift + values.length);
    vector.set(values);
    return vector;
  };
};

describe.each(kernels.map((kernel) => [kernel.name, kernel] as const))('%s', (_, kernel) => {
  it('gives the bits of JavaScript on every length, at every offset', () => {
    for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 64, 999, 1003]) {
      const place = inMemory(length);
      for (let round = 0; round < 6; round++) {
        const [actual, expected] = both(kernel, length, round, (values, index) =>
          place(values, index, (round + index) % 5),
        );
        expect(actual).toEqual(expected);
      }
    }
  });

  it('gives them on vectors that lie elsewhere, longer than a block, or partly elsewhere', () => {
    const length = 20_001;
    const place = inMemory(length);
    for (const inside of [() => false, (index: number) => index % 2 === 0, (index: number) => index !== 1]) {
      const [actual, expected] = both(kernel, length, 3, (values, index) =>
        inside(index) ? place(values, index) : values.slice(),
      );
      expect(actual).toEqual(expected);
    }
  });

  it('may write over what it read', () => {
    const length = 1_003;
    const values = named(kernel.inputs, (name) => draw(name, length, true));
    const scalars = named(kernel.scalars, () => 0.75);
    const fresh = named(kernel.outputs, () => new Float32Array(length));
    wasm.run(kernel, scalars, values, fresh);
    const own = named(kernel.inputs, (name) => (values[name] as Float32Array).slice());
    const over = named(kernel.outputs, (name) => own[name] ?? new Float32Array(length));
    wasm.run(kernel, scalars, own, over);
    expect(named(kernel.outputs, (name) => bitsOf(over[name] as Float32Array))).toEqual(
      named(kernel.outputs, (name) => bitsOf(fresh[name] as Float32Array)),
    );
  });
});

describe('kernels', () => {
  it('run in WebAssembly here, on shared memory that a vector neither leaves nor shares with another', () => {
    expect([wasm.kind, javascript.kind]).toEqual(['wasm', 'javascript']);
    for (const each of [wasm, javascript]) {
      const vectors = each.allocate([5, 0, 1_000, 3]);
      expect(vectors.map(({ length }) => length)).toEqual([5, 0, 1_000, 3]);
      vectors.forEach((vector, i) => {
        expect(vector.buffer).toBeInstanceOf(SharedArrayBuffer);
        vector.fill(i + 1);
      });
      vectors.forEach((vector, i) => {
        expect(vector.every((value) => value === i + 1)).toBe(true);
      });
    }
  });

  it('refuse vectors of unequal length and kernels that they were not made with', () => {
    const kernel: ElementwiseKernel = scaledKernel;
    const one = (length: number) => new Float32Array(length);
    expect(() => wasm.run(kernel, { weight: 1 }, { gradient: one(3) }, { sum: one(4) })).toThrow(/unequal length/);
    const others = new VectorKernels(optimizerKernels);
    expect(() => others.run(kernel, { weight: 1 }, { gradient: one(3) }, { sum: one(3) })).toThrow(
      /no kernel "scaled"/,
    );
  });
});

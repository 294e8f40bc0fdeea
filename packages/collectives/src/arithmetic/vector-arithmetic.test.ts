import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { vectorMemory } from '../vector-memory.js';
import { referenceArithmetic } from './reference-arithmetic.js';

const memory = vectorMemory(64 << 20);
const reference = referenceArithmetic();
const draws = randomStream(1, 'vector-arithmetic');
const lengths = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100, 1_023, 1_024, 1_025, 2_049, 5_003];

const normals = (length: number): Float32Array => Float32Array.from({ length }, () => draws.normal());
/** Every kind of float32: zeros of both signs, denormals, huge numbers, infinities, NaN. */
function bitPatterns(length: number): Float32Array {
  const bits = Uint32Array.from({ length }, () => draws.uint32());
  const special = [0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x7f7fffff, 0xff7fffff, 0x00800000];
  for (let i = 0; i < length; i += 3) bits[i] = special[draws.below(special.length)] as number;
  return new Float32Array(bits.buffer);
}
/** A copy on the memory, `offset` elements past an aligned address. */
function onMemory(values: Float32Array, offset: number): Float32Array {
  const view = memory.float32(values.length + offset).subarray(offset);
  view.set(values);
  return view;
}
/** The same bits, all NaN alike: their payloads may differ. */
const same = (a: Float32Array | Float64Array, b: Float32Array | Float64Array): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

it('runs its kernels here', () => {
  expect(memory.notice).toBeNull();
  expect(memory.kernels).not.toBeNull();
});

describe.each([
  ['normal numbers', normals],
  ['random bit patterns', bitPatterns],
])('kernels on %s give the bits of the definition', (_, make) => {
  it.each(lengths)('on %i elements', (length) => {
    for (const count of [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]) {
      const plain = Array.from({ length: count }, () => make(length));
      const placed = plain.map((vector, v) => onMemory(vector, (v + count) % 5));
      const coefficients = Float64Array.from(plain, () => draws.normal());
      const expected = new Float32Array(length);
      const target = onMemory(new Float32Array(length), count % 3);

      reference.mean(expected, plain);
      memory.arithmetic.mean(target, placed);
      expect(same(target, expected)).toBe(true);

      reference.combine(expected, plain, coefficients);
      memory.arithmetic.combine(target, placed, coefficients);
      expect(same(target, expected)).toBe(true);

      const pairs = (count * (count + 1)) / 2;
      const sums = new Float64Array(pairs + 2).fill(7);
      const products = new Float64Array(pairs + 2).fill(7);
      reference.innerProducts(plain, products, 1);
      memory.arithmetic.innerProducts(placed, sums, 1);
      expect(same(sums, products)).toBe(true);
      expect([sums[0], sums[pairs + 1]]).toEqual([7, 7]);

      const factor = draws.normal();
      reference.scale(plain[0] as Float32Array, factor);
      memory.arithmetic.scale(placed[0] as Float32Array, factor);
      expect(same(placed[0] as Float32Array, plain[0] as Float32Array)).toBe(true);
    }
  });
});

describe.each([
  ['the definition', reference],
  ['the kernels', memory.arithmetic],
])('%s', (_, arithmetic) => {
  it('sees a number that is not finite at any place', () => {
    for (const length of [1, 4, 7, 16, 37]) {
      const values = onMemory(normals(length), 1);
      values[0] = 3.4e38;
      expect(arithmetic.allFinite(values)).toBe(true);
      for (let at = 0; at < length; at++)
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const was = values[at] as number;
          values[at] = bad;
          expect(arithmetic.allFinite(values)).toBe(false);
          values[at] = was;
        }
    }
  });

  it('gives every number of vectors the sum in order, in float64', () => {
    for (const count of [1, 2, 3, 4, 5]) {
      const vectors = Array.from({ length: count }, () => onMemory(normals(61), 0));
      const coefficients = Float64Array.from(vectors, () => draws.normal());
      const mean = onMemory(new Float32Array(61), 0);
      const combined = onMemory(new Float32Array(61), 0);
      arithmetic.mean(mean, vectors);
      arithmetic.combine(combined, vectors, coefficients);
      for (let i = 0; i < 61; i++) {
        const terms = vectors.map((of, t) => (coefficients[t] as number) * (of[i] as number));
        expect(mean[i]).toBe(Math.fround(vectors.reduce((sum, of) => sum + (of[i] as number), 0) / count));
        expect(combined[i]).toBe(Math.fround(terms.reduce((total, term) => total + term)));
      }
    }
  });

  it('divides a sum by the number of vectors also where the mean is a tie between two float32', () => {
    // By 49, multiplication with the inverse rounds otherwise.
    for (const count of [2, 3, 4, 5, 6, 7, 49]) {
      const vectors = Array.from({ length: count }, () => onMemory(new Float32Array(800), 0));
      const mean = onMemory(new Float32Array(800), 0);
      const expected = mean.map((_, i) => {
        // Of 25 bits, the last one set; the vectors, of 24 bits each, lie around it.
        const tie = 2 ** 24 + 4 * draws.below(2 ** 22) + 3;
        const terms = Array.from({ length: count }, (_, v) => (v % 2 === 0 ? tie - 1 : tie + 1));
        if (count % 2 === 1) {
          terms[0] = tie - 2 ** 24;
          terms[1] = tie + 1 + 2 ** 24;
        }
        vectors.forEach((vector, v) => {
          vector[i] = terms[v] as number;
        });
        return tie;
      });
      arithmetic.mean(mean, vectors);
      expect(same(mean, expected)).toBe(true);
    }
  });

  it('adds an inner product as eight sums by index', () => {
    const [a, b] = [onMemory(normals(1_030), 0), onMemory(normals(1_030), 0)];
    const sums = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < a.length; i++) sums[i % 8] = (sums[i % 8] as number) + (a[i] as number) * (b[i] as number);
    const [s0, s1, s2, s3, s4, s5, s6, s7] = sums as [number, number, number, number, number, number, number, number];
    const products = new Float64Array(3);
    arithmetic.innerProducts([a, b], products, 0);
    expect(products[1]).toBe(s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7)));
  });

  it('may write the target over one of the vectors', () => {
    const vectors = [normals(1_500), normals(1_500), normals(1_500)].map((vector) => onMemory(vector, 0));
    const apart = onMemory(new Float32Array(1_500), 0);
    arithmetic.mean(apart, vectors);
    arithmetic.mean(vectors[1] as Float32Array, vectors);
    expect(vectors[1]).toEqual(apart);
    arithmetic.combine(apart, vectors, Float64Array.of(1, -2, 0.1));
    arithmetic.combine(vectors[2] as Float32Array, vectors, Float64Array.of(1, -2, 0.1));
    expect(vectors[2]).toEqual(apart);
  });
});

it('takes vectors that lie elsewhere', () => {
  const vectors = [normals(100), onMemory(normals(100), 0)];
  const [here, there] = [onMemory(new Float32Array(100), 0), new Float32Array(100)];
  memory.arithmetic.mean(here, vectors);
  memory.arithmetic.mean(there, vectors);
  expect(there).toEqual(new Float32Array(here));
});

it('refuses vectors of unlike lengths', () => {
  const [a, b] = [onMemory(normals(10), 0), onMemory(normals(9), 0)];
  expect(() => memory.arithmetic.mean(a, [a, b])).toThrow('10 and 9 elements');
  expect(() => memory.arithmetic.innerProducts([a, b], new Float64Array(3), 0)).toThrow('10 and 9 elements');
});

it('copies bytes from on and off the memory, at any offset and of any length', () => {
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => draws.below(256));
  for (const length of [0, 1, 7, 1_028, 66_000, 140_001]) {
    for (let offset = 0; offset < 9; offset++) {
      const bytes = random(length + offset).subarray(offset);
      const source = memory.bytes(length + offset).subarray(offset);
      source.set(bytes);
      for (const from of [bytes, source]) {
        const whole = memory.bytes(length + 16).fill(9);
        const target = whole.subarray(offset, offset + length);
        memory.arithmetic.copy(target, from);
        expect(Buffer.compare(target, bytes)).toBe(0);
        expect(whole.subarray(offset + length).every((byte) => byte === 9)).toBe(true);
      }
    }
  }
});

import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { allFinite, clipScale, combinedNorm, combineInto, gramMatrix, innerProduct, meanInto } from './arithmetic.js';

const draws = randomStream(1, 'arithmetic');
const vector = (length: number): Float32Array => Float32Array.from({ length }, () => draws.normal());
const scratch = new Float64Array(64);

describe('sums of the exchange', () => {
  it('gives every number of lanes and tasks the sum in order, in float64', () => {
    for (const count of [1, 2, 3, 4, 5]) {
      const vectors = Array.from({ length: count }, () => vector(64));
      const coefficients = Float64Array.from(vectors, () => draws.normal());
      const mean = new Float32Array(64);
      const combined = new Float32Array(64);
      meanInto(mean, vectors, 3, 61, scratch);
      combineInto(combined, 5, vectors, coefficients, 3, 40, scratch);
      for (let i = 3; i < 61; i++) {
        const sum = vectors.reduce((total, of) => total + (of[i] as number), 0);
        expect(mean[i]).toBe(Math.fround(sum / count));
      }
      for (let i = 0; i < 40; i++) {
        const terms = vectors.map((of, t) => (coefficients[t] as number) * (of[3 + i] as number));
        expect(combined[5 + i]).toBe(Math.fround(terms.reduce((total, term) => total + term)));
      }
    }
  });

  it('sees a number that is not finite at any place', () => {
    for (const length of [1, 4, 7, 8]) {
      expect(allFinite(vector(length))).toBe(true);
      for (let at = 0; at < length; at++)
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const values = vector(length);
          values[at] = bad;
          expect(allFinite(values)).toBe(false);
        }
    }
  });

  it('adds blocks in order to the Gram matrix, whose quadratic form is the norm of the sum', () => {
    const vectors = [vector(64), vector(64), vector(64)];
    const sums: number[] = [];
    for (let from = 0; from < 64; from += 16)
      for (let s = 0; s < 3; s++)
        for (let t = s; t < 3; t++)
          sums.push(innerProduct(vectors[s] as Float32Array, vectors[t] as Float32Array, from, from + 16));
    const gram = gramMatrix(Float64Array.from(sums), 3);
    const coefficients = Float64Array.of(0.2, -0.5, 1.5);
    const combined = new Float32Array(64);
    combineInto(combined, 0, vectors, coefficients, 0, 64, scratch);
    const norm = Math.sqrt(combined.reduce((total, value) => total + value * value, 0));
    expect(combinedNorm(gram, coefficients)).toBeCloseTo(norm, 5);
    for (let s = 0; s < 3; s++) for (let t = 0; t < 3; t++) expect(gram[s * 3 + t]).toBe(gram[t * 3 + s]);
  });

  it('clips only what is longer', () => {
    expect(clipScale(2, null)).toBe(1);
    expect(clipScale(2, 2)).toBe(1);
    expect(clipScale(4, 2)).toBe(0.5);
    expect(clipScale(0, 2)).toBe(1);
  });
});

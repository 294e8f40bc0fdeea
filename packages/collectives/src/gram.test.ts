import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { referenceArithmetic } from './arithmetic/reference-arithmetic.js';
import { amongAll, clipScale, combinedSquare, gramMatrix } from './gram.js';

const draws = randomStream(1, 'gram');
const vector = (length: number): Float32Array => Float32Array.from({ length }, () => draws.normal());

describe('Gram matrix', () => {
  it('adds blocks in order; its quadratic form is the norm of the sum', () => {
    const arithmetic = referenceArithmetic();
    const vectors = [vector(64), vector(64), vector(64)];
    const sums = new Float64Array(4 * 6);
    for (let block = 0; block < 4; block++)
      arithmetic.innerProducts(
        vectors.map((of) => of.subarray(block * 16, block * 16 + 16)),
        sums,
        block * 6,
      );
    const gram = gramMatrix(sums, 3, 0, 4);
    const coefficients = Float64Array.of(0.2, -0.5, 1.5);
    const combined = new Float32Array(64);
    arithmetic.combine(combined, vectors, coefficients);
    const square = combined.reduce((total, value) => total + value * value, 0);
    expect(combinedSquare(gram, coefficients)).toBeCloseTo(square, 4);
    for (let s = 0; s < 3; s++) for (let t = 0; t < 3; t++) expect(gram[s * 3 + t]).toBe(gram[t * 3 + s]);
    const [first, rest] = [gramMatrix(sums, 3, 0, 1), gramMatrix(sums, 3, 1, 3)];
    for (let i = 0; i < 9; i++) expect((first[i] as number) + (rest[i] as number)).toBeCloseTo(gram[i] as number, 10);
  });

  it('lies among those of all tasks with zeros for the absent', () => {
    expect([...amongAll(Float64Array.of(1, 2, 2, 3), [0, 2], 3)]).toEqual([1, 0, 2, 0, 0, 0, 2, 0, 3]);
  });

  it('clips only what is longer', () => {
    expect(clipScale(2, null)).toBe(1);
    expect(clipScale(2, 2)).toBe(1);
    expect(clipScale(4, 2)).toBe(0.5);
    expect(clipScale(0, 2)).toBe(1);
  });
});

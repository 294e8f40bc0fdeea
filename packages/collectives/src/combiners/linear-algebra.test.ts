import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { cholesky, solveCholesky } from './cholesky.js';
import { dot, entry, times } from './dense.js';
import { nonnegativeQuadratic } from './nonnegative-quadratic.js';
import { gradients, gramOf } from './random-vectors.fixture.js';
import { symmetricEigen } from './symmetric-eigen.js';

describe('symmetricEigen', () => {
  it.each([1, 2, 5, 8, 30, 64])('takes apart a symmetric matrix of %i rows', (n) => {
    const gram = gramOf(gradients(n, n, 1, 70));
    const { values, vectors } = symmetricEigen(gram, n);
    const size = values[0] as number;
    values.forEach((value, k) => {
      const vector = vectors[k] as Float64Array;
      if (k > 0) expect(value).toBeLessThanOrEqual(values[k - 1] as number);
      times(gram, vector).forEach((part, i) => {
        expect(Math.abs(part - value * (vector[i] as number))).toBeLessThan(1e-12 * size);
      });
      vectors.forEach((other, j) => {
        expect(dot(vector, other)).toBeCloseTo(j === k ? 1 : 0, 12);
      });
    });
  });

  it('takes diagonal, zero and rank-one matrices', () => {
    expect([...symmetricEigen(Float64Array.of(1, 0, 0, 3), 2).values]).toEqual([3, 1]);
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
    const values = [...symmetricEigen(new Float64Array(16).fill(1), 4).values];
    expect(values[0]).toBeCloseTo(4, 12);
    for (const value of values.slice(1)) expect(Math.abs(value)).toBeLessThan(1e-15);
  });
});

describe('cholesky', () => {
  it('solves for the chosen rows and columns', () => {
    const gram = gramOf(gradients(6, 1, 0));
    const chosen = [4, 1, 2];
    const b = Float64Array.of(1, -2, 3);
    const x = solveCholesky(cholesky(gram, 6, chosen, 0), b);
    chosen.forEach((row, i) => {
      const product = chosen.reduce((sum, column, k) => sum + entry(gram, 6, row, column) * (x[k] as number), 0);
      expect(product).toBeCloseTo(b[i] as number, 9);
    });
  });
});

describe('nonnegativeQuadratic', () => {
  it('satisfies the conditions of the minimum', () => {
    for (let trial = 0; trial < 200; trial++) {
      const n = 1 + (trial % 12);
      const vectors = gradients(n, trial, 0, 14);
      const unit = vectors.map((vector) => {
        const size = Math.sqrt(vector.reduce((sum, part) => sum + part * part, 0));
        return vector.map((part) => part / size);
      });
      const h = gramOf(unit);
      const stream = randomStream(3, 'b', trial);
      const b = Float64Array.from({ length: n }, () => stream.normal());
      const x = nonnegativeQuadratic(h, b);
      const size = Math.max(1, ...x);
      times(h, x).forEach((part, i) => {
        const slope = part - (b[i] as number);
        expect(x[i]).toBeGreaterThanOrEqual(0);
        expect(slope).toBeGreaterThan(-1e-9 * size);
        if ((x[i] as number) > 0) expect(Math.abs(slope)).toBeLessThan(1e-9 * size);
      });
    }
  });

  it('answers a singular matrix', () => {
    const x = nonnegativeQuadratic(new Float64Array(4).fill(1), Float64Array.of(1, 1));
    expect([...x]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)]);
  });
});

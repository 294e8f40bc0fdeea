import { describe, expect, it } from 'vitest';
import { aligned } from './aligned-mtl.js';
import { conflictAverse } from './cagrad.js';
import { equalProjections } from './imtl-g.js';
import { shortestInHull } from './mgda.js';
import { bargained } from './nash-mtl.js';
import { cases, combined, gradients, gramOf, inner, length, type Vectors } from './random-vectors.fixture.js';
import { unconflicting } from './upgrad.js';

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const equal = (n: number) => new Float64Array(n).fill(1 / n);
const unit = (n: number, at: number) => new Float64Array(n).map((_, i) => (i === at ? 1 : 0));
/** Besides the usual ones, gradients whose lengths lie 24 decades apart. */
const wide = Array.from({ length: 20 }, (_, trial) => gradients(2 + (trial % 7), trial, 24));
const all = [...cases, ...wide];

describe('mgda', () => {
  it('satisfies the conditions of the shortest vector in the hull', () => {
    for (const vectors of all) {
      const weights = shortestInHull(gramOf(vectors), vectors.length);
      expect(sum(weights)).toBeCloseTo(1, 12);
      const update = combined(vectors, weights);
      const square = inner(update, update);
      vectors.forEach((vector, i) => {
        expect(weights[i]).toBeGreaterThanOrEqual(0);
        const excess = inner(vector, update) - square;
        // No vertex is nearer; those that take part are as near.
        expect(excess).toBeGreaterThanOrEqual(-1e-11 * length(vector) * length(update));
        if ((weights[i] as number) > 0) expect(Math.abs(excess)).toBeLessThan(1e-9 * length(vector) * length(update));
      });
    }
  });
});

describe('cagrad', () => {
  const value = (vectors: Vectors, c: number, preferred: ArrayLike<number>, w: ArrayLike<number>) => {
    const mean = combined(vectors, preferred);
    const toward = combined(vectors, w);
    return inner(mean, toward) + c * length(mean) * length(toward);
  };

  it('is the minimum of a fine grid, for two and three tasks', () => {
    for (let trial = 0; trial < 12; trial++) {
      const count = 2 + (trial % 2);
      const vectors = gradients(count, trial, 1);
      const preferred =
        trial % 3 === 0 ? Float64Array.of(...unit(count, 0)).map((v) => (v + 1) / (count + 1)) : equal(count);
      const c = 0.2 + 0.1 * (trial % 8);
      let best = [1, 0, 0];
      let width = 1;
      for (let round = 0; round < 14; round++) {
        const [x, y] = best as [number, number];
        for (let i = -10; i <= 10; i++)
          for (let j = count === 2 ? 0 : -10; j <= (count === 2 ? 0 : 10); j++) {
            const first = Math.min(1, Math.max(0, x + (i * width) / 10));
            const second = count === 2 ? 1 - first : Math.min(1 - first, Math.max(0, y + (j * width) / 10));
            const w = [first, second, 1 - first - second];
            if (value(vectors, c, preferred, w) < value(vectors, c, preferred, best)) best = w;
          }
        width *= 0.3;
      }
      const mean = combined(vectors, preferred);
      const toward = combined(vectors, best);
      const expected = mean.map((part, d) => part + (c * length(mean) * (toward[d] as number)) / length(toward));
      const update = combined(vectors, conflictAverse(gramOf(vectors), c, preferred));
      expect(length(update.map((part, d) => part - (expected[d] as number)))).toBeLessThan(2e-4 * length(expected));
    }
  });

  it('satisfies the conditions of the minimum, on the ball around the mean', () => {
    for (const vectors of all) {
      const n = vectors.length;
      const c = 0.4;
      const mean = combined(vectors, equal(n));
      const weights = conflictAverse(gramOf(vectors), c, equal(n));
      const added = combined(
        vectors,
        weights.map((weight) => weight - 1 / n),
      );
      expect(length(added)).toBeCloseTo(c * length(mean), -Math.log10(1e-7 * length(mean)));
      // With the vector g_w of weights w, ∇F is (g₀ + c‖g₀‖ g_w/‖g_w‖)·gᵢ, which is the update's product with gᵢ.
      const update = combined(vectors, weights);
      const total = sum(weights) - 1;
      const value = weights.reduce(
        (at, weight, i) => at + ((weight - 1 / n) / total) * inner(update, vectors[i] as number[]),
        0,
      );
      vectors.forEach((vector) => {
        const excess = inner(update, vector) - value;
        expect(excess).toBeGreaterThanOrEqual(-1e-7 * length(vector) * length(update));
      });
    }
  });
});

describe('upgrad', () => {
  it('projects each gradient onto the dual cone', () => {
    for (const vectors of all) {
      const n = vectors.length;
      const whole = new Float64Array(n);
      for (let k = 0; k < n; k++) {
        const weights = unconflicting(gramOf(vectors), unit(n, k));
        weights.forEach((weight, i) => {
          whole[i] = (whole[i] as number) + weight / n;
        });
        const update = combined(vectors, weights);
        vectors.forEach((vector, i) => {
          const size = length(vector) * length(vectors[k] as number[]);
          const product = inner(vector, update);
          expect(product).toBeGreaterThanOrEqual(-1e-9 * size);
          const added = (weights[i] as number) - (i === k ? 1 : 0);
          expect(added).toBeGreaterThanOrEqual(0);
          // Only a gradient at right angles to the result has pushed it.
          if (added > 0) expect(Math.abs(product)).toBeLessThan(1e-9 * size);
        });
      }
      unconflicting(gramOf(vectors), equal(n)).forEach((weight, i) => {
        expect(weight).toBeCloseTo(whole[i] as number, -Math.log10(1e-9 * Math.max(...whole)));
      });
    }
  });

  it('is the weighted mean where nothing conflicts', () => {
    const vectors = [
      [1, 0.1, 0],
      [1, 0, 0.2],
      [0.5, 0.3, 0.1],
    ];
    const preferred = Float64Array.of(0.5, 0.3, 0.2);
    expect([...unconflicting(gramOf(vectors), preferred)]).toEqual([...preferred]);
  });
});

describe('nash-mtl', () => {
  it('solves Gα = 1/α, α the weights times √(P / wᵀGw)', () => {
    for (const vectors of all) {
      const weights = bargained(gramOf(vectors), vectors.length);
      expect(sum(weights)).toBeCloseTo(1, 12);
      const update = combined(vectors, weights);
      const scale = vectors.length / inner(update, update);
      vectors.forEach((vector, i) => {
        expect(weights[i]).toBeGreaterThan(0);
        expect((weights[i] as number) * inner(vector, update) * scale).toBeCloseTo(1, 8);
      });
    }
  });
});

describe('imtl-g', () => {
  it('has equal projections on all unit gradients, with weights of sum 1', () => {
    for (const vectors of all) {
      const weights = equalProjections(gramOf(vectors), vectors.length);
      expect(sum(weights)).toBeCloseTo(1, 9);
      const update = combined(vectors, weights);
      const projections = vectors.map((vector) => inner(vector, update) / length(vector));
      for (const projection of projections)
        expect(Math.abs(projection - (projections[0] as number))).toBeLessThan(1e-9 * length(update));
    }
  });
});

describe('aligned-mtl', () => {
  it('puts σ U Vᵀ in place of the gradients U Σ Vᵀ', () => {
    for (const vectors of cases) {
      const n = vectors.length;
      const gram = gramOf(vectors);
      // Row k of the aligned matrix is the update for the preference eₖ.
      const rows = Array.from({ length: n }, (_, k) => combined(vectors, aligned(gram, 'min', unit(n, k))));
      const square = inner(rows[0] as number[], rows[0] as number[]);
      rows.forEach((row, i) => {
        rows.forEach((other, j) => {
          expect(inner(row, other) / square).toBeCloseTo(i === j ? 1 : 0, 8);
          // The factor between both matrices, a polar decomposition's, is symmetric and positive.
          const [here, there] = [inner(row, vectors[j] as number[]), inner(other, vectors[i] as number[])];
          expect(here).toBeCloseTo(
            there,
            -Math.log10(1e-8 * length(vectors[i] as number[]) * length(vectors[j] as number[])),
          );
        });
        expect(inner(row, vectors[i] as number[])).toBeGreaterThan(0);
        // σ is the smallest singular value: no combination of the gradients with weights of length 1 is shorter.
        expect(Math.sqrt(square)).toBeLessThanOrEqual(length(vectors[i] as number[]) * (1 + 1e-9));
      });
      const update = combined(vectors, aligned(gram, 'min', equal(n)));
      const mean = combined(rows, equal(n));
      expect(length(update.map((part, d) => part - (mean[d] as number)))).toBeLessThan(1e-9 * length(mean));
    }
  });

  it('takes the mean square of the lengths, or the median, where it says so', () => {
    const vectors = [
      [3, 0, 0],
      [0, 1, 0],
      [0, 0, 2],
    ];
    const update = (scale: 'min' | 'median' | 'rmse') => combined(vectors, aligned(gramOf(vectors), scale, equal(3)));
    expect(update('min').map((part) => part * 3)).toEqual([1, 1, 1].map((part) => expect.closeTo(part, 12)));
    expect(update('median').map((part) => part * 3)).toEqual([2, 2, 2].map((part) => expect.closeTo(part, 12)));
    const root = Math.sqrt(14 / 3);
    expect(update('rmse').map((part) => part * 3)).toEqual([root, root, root].map((part) => expect.closeTo(part, 12)));
  });
});

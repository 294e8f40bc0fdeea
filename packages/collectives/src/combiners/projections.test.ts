import { describe, expect, it } from 'vitest';
import { gradvac } from './gradvac.js';
import { pcgrad } from './pcgrad.js';
import { drawnOrder } from './projection-order.js';
import {
  ascending,
  cases,
  combined,
  gradients,
  inner,
  inputOf,
  length,
  type Vectors,
} from './random-vectors.fixture.js';

const difference = (a: readonly number[], b: readonly number[]) =>
  length(a.map((value, i) => value - (b[i] as number)));

/** Changes every vector by every other, in order, on the vectors themselves; the mean. */
function changed(
  vectors: Vectors,
  name: string,
  step: number,
  change: (vector: number[], other: readonly number[], i: number, j: number) => number[],
): number[] {
  const order = drawnOrder(5, name, step);
  const results = vectors.map((vector, i) => {
    let result = [...vector];
    for (const j of Array.from(order(i, vectors.length))) result = change(result, vectors[j] as number[], i, j);
    return result;
  });
  return combined(results, new Float64Array(results.length).fill(1 / results.length));
}

const plus = (a: readonly number[], scale: number, b: readonly number[]) =>
  a.map((value, d) => value + scale * (b[d] as number));

describe('pcgrad', () => {
  it('is the mean of the projected vectors', () => {
    for (const vectors of cases) {
      const expected = changed(vectors, 'pcgrad', 3, (vector, other) => {
        const product = inner(vector, other);
        return product < 0 ? plus(vector, -product / inner(other, other), other) : vector;
      });
      const { weights } = pcgrad(5)(inputOf(vectors, ascending(vectors.length), { step: 3 }));
      expect(difference(combined(vectors, weights), expected)).toBeLessThan(1e-12 * length(expected));
    }
  });

  it('takes another order at another step or seed, the same at the same', () => {
    const orders = (seed: number, step: number) => {
      const order = drawnOrder(seed, 'pcgrad', step);
      return Array.from({ length: 8 }, (_, i) => Array.from(order(i, 8)));
    };
    expect(orders(1, 1)).toEqual(orders(1, 1));
    expect(orders(1, 1)).not.toEqual(orders(1, 2));
    expect(orders(1, 1)).not.toEqual(orders(2, 1));
    orders(1, 1).forEach((order, i) => {
      expect([...order, i].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });
  });
});

describe('gradvac', () => {
  it('is the mean of vectors turned to their targets, which follow the cosines', () => {
    const beta = 0.2;
    for (let trial = 0; trial < 20; trial++) {
      const count = 2 + (trial % 7);
      const targets = Array.from({ length: count }, () => new Array<number>(count).fill(0));
      let state = {};
      for (let step = 1; step <= 4; step++) {
        const vectors = gradients(count, 100 * trial + step);
        const expected = changed(vectors, 'gradvac', step, (vector, other, i, j) => {
          const cosine = inner(vector, other) / length(vector) / length(other);
          const row = targets[i] as number[];
          const target = row[j] as number;
          row[j] = (1 - beta) * target + beta * cosine;
          if (cosine >= target) return vector;
          const sines = [Math.sqrt(1 - cosine ** 2), Math.sqrt(1 - target ** 2)] as const;
          const scale = (length(vector) * (target * sines[0] - cosine * sines[1])) / (length(other) * sines[1]);
          const turned = plus(vector, scale, other);
          expect(inner(turned, other) / length(turned) / length(other)).toBeCloseTo(target, 10);
          return turned;
        });
        const output = gradvac(beta, 5)(inputOf(vectors, ascending(count), { step, state }));
        state = output.state;
        expect(difference(combined(vectors, output.weights), expected)).toBeLessThan(1e-6 * length(expected));
        (output.state.targets as number[]).forEach((target, at) => {
          expect(target).toBeCloseTo((targets[Math.floor(at / count)] as number[])[at % count] as number, 7);
        });
      }
    }
  });

  it('equals pcgrad while its targets stay at 0', () => {
    const vectors = gradients(2, 1);
    const input = inputOf(vectors, [1, 2]);
    const still = gradvac(0, 1)(input).weights;
    pcgrad(1)(input).weights.forEach((weight, i) => {
      expect(still[i]).toBeCloseTo(weight, 6);
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { CombinerState } from '../combiner.js';
import { balanced } from './db-mtl.js';
import { dwa } from './dwa.js';
import { famo } from './famo.js';
import { gradnorm, valueSlopes } from './gradnorm.js';
import { imtlL } from './imtl-l.js';
import { ascending, cases, combined, gradients, gramOf, inputOf, length } from './random-vectors.fixture.js';
import { softmax } from './softmax.js';
import { stch } from './stch.js';
import { uncertainty } from './uncertainty.js';

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

describe('gradnorm', () => {
  it('descends Σ |Gᵢ - mean(G) rᵢ^alpha| with the targets held', () => {
    const norms = Float64Array.of(3, 0.5, 1.2);
    const kept = Float64Array.of(0.5, 0.9, 0.7);
    const values = [0.3, -0.2, 0.1];
    const meanKept = sum(kept) / 3;
    const weightedNorms = (of: readonly number[]) => softmax(of).map((weight, i) => 3 * weight * (norms[i] as number));
    const mean = sum(weightedNorms(values)) / 3;
    const loss = (of: readonly number[]) =>
      sum(weightedNorms(of).map((norm, i) => Math.abs(norm - mean * ((kept[i] as number) / meanKept) ** 1.5)));
    const slopes = valueSlopes(softmax(values), norms, kept, 1.5);
    values.forEach((_, i) => {
      const moved = (by: number) => loss(values.map((value, k) => (k === i ? value + by : value)));
      expect((moved(1e-6) - moved(-1e-6)) / 2e-6).toBeCloseTo(slopes[i] as number, 6);
    });
  });

  it('brings unequal norms together where all losses fall alike', () => {
    const vectors = [
      [4, 0, 0],
      [0, 1, 0],
      [0, 0, 0.5],
    ];
    const combine = gradnorm(1.5, 0.025);
    let state: CombinerState = {};
    let weights = new Float64Array();
    for (let step = 1; step <= 2000; step++) {
      const output = combine(inputOf(vectors, [2, 2, 2], { state, step }));
      weights = Float64Array.from(output.weights);
      state = output.state;
      if (step === 1) expect(weights.every((weight) => Math.abs(weight - 1 / 3) < 1e-15)).toBe(true);
    }
    const norms = vectors.map((vector, i) => (weights[i] as number) * length(vector));
    expect(sum(weights)).toBeCloseTo(1, 12);
    for (const norm of norms) expect(norm / (norms[0] as number)).toBeCloseTo(1, 0);
    expect(Math.max(...norms) / Math.min(...norms)).toBeLessThan(1.3);
  });

  it('prefers the task whose loss has fallen least', () => {
    const vectors = gradients(2, 1, 0);
    const first = gradnorm(1.5, 0.025)(inputOf(vectors, [4, 4]));
    let state = first.state;
    let weights = first.weights;
    for (let step = 2; step < 100; step++)
      ({ weights, state } = gradnorm(1.5, 0.025)(inputOf(vectors, [4, 1], { state, step })));
    expect(weights[0]).toBeGreaterThan(2 * (weights[1] as number));
  });
});

describe('db-mtl', () => {
  it('gives every gradient the norm of the one that is longest beside its loss', () => {
    for (const vectors of cases) {
      const n = vectors.length;
      const losses = ascending(n);
      const weights = balanced(gramOf(vectors), Float64Array.from(losses), n);
      const relative = vectors.map((vector, i) => length(vector) / (losses[i] as number));
      const longest = length(vectors[relative.indexOf(Math.max(...relative))] as number[]);
      vectors.forEach((vector, i) => {
        expect((weights[i] as number) * n * length(vector)).toBeCloseTo(longest, -Math.log10(1e-12 * longest));
      });
      // The paper's own: the gradients of log L scaled to the longest of them.
      const logs = vectors.map((vector, i) => vector.map((part) => part / (losses[i] as number)));
      const paper = combined(
        logs,
        logs.map((log) => Math.max(...logs.map(length)) / length(log)),
      );
      const factor = n / (longest / Math.max(...relative));
      const ours = combined(vectors, weights).map((part) => part * factor);
      expect(length(ours.map((part, d) => part - (paper[d] as number)))).toBeLessThan(1e-12 * length(paper));
    }
  });
});

describe('uncertainty and imtl-l', () => {
  it.each([
    ['uncertainty', uncertainty(0.02)],
    ['imtl-l', imtlL(0.02)],
  ])('%s comes to weights in inverse proportion to constant losses', (_, combine) => {
    const losses = [4, 1, 0.5];
    let state: CombinerState = {};
    let weights = new Float64Array();
    for (let step = 1; step <= 3000; step++) {
      const output = combine(inputOf(gradients(3, 1), losses, { state, step }));
      weights = Float64Array.from(output.weights);
      state = output.state;
    }
    const products = losses.map((loss, i) => loss * (weights[i] as number));
    for (const product of products) expect(product / (products[0] as number)).toBeCloseTo(1, 2);
  });
});

describe('dwa', () => {
  it('weighs by the ratio of two windows, and evenly before there are two', () => {
    const combine = dwa(2, 2);
    let state: CombinerState = {};
    const series = [
      [4, 4],
      [2, 4],
      [1, 3],
      [0.5, 3],
      [9, 9],
    ];
    const weights = series.map((losses, i) => {
      const output = combine(inputOf(gradients(2, 1), losses, { state, step: i + 1 }));
      state = output.state;
      return output.weights;
    });
    for (const early of weights.slice(0, 4)) expect([...early]).toEqual([0.5, 0.5]);
    const powers = [Math.exp(0.75 / 3 / 2), Math.exp(3 / 4 / 2)];
    expect(weights[4]?.[0]).toBeCloseTo((powers[0] as number) / sum(powers), 12);
  });
});

describe('stch', () => {
  it('is the slope of the smooth maximum, divided by its sum', () => {
    const losses = [1, 1.5, 0.7];
    const value = (of: readonly number[]) => 0.2 * Math.log(sum(of.map((loss) => Math.exp(loss / 3 / 0.2))));
    const weights = stch(0.2)(inputOf(gradients(3, 1), losses)).weights;
    losses.forEach((_, i) => {
      const moved = (by: number) => value(losses.map((loss, k) => (k === i ? loss + by : loss)));
      expect((3 * (moved(1e-6) - moved(-1e-6))) / 2e-6).toBeCloseTo(weights[i] as number, 8);
    });
  });

  it('takes losses of any sign and size', () => {
    expect([...stch(0.1)(inputOf(gradients(2, 1), [-1e30, 1e30])).weights]).toEqual([0, 1]);
    expect([...stch(0.1)(inputOf(gradients(2, 1), [-3, -3])).weights]).toEqual([0.5, 0.5]);
  });
});

describe('famo', () => {
  it('is one over the loss at first, and then follows the task that fell least', () => {
    const combine = famo(0.025, 0.001);
    const first = combine(inputOf(gradients(2, 1), [1, 3]));
    expect(first.weights[0]).toBeCloseTo(0.75, 6);
    let state = first.state;
    let losses = [1, 1];
    let weights = first.weights;
    for (let step = 2; step < 60; step++) {
      losses = [(losses[0] as number) * 0.9, losses[1] as number];
      ({ weights, state } = combine(inputOf(gradients(2, 1), [losses[0] as number, 1], { state, step })));
    }
    const shares = weights.map((weight, i) => weight * (i === 0 ? (losses[0] as number) : 1));
    expect((shares[1] as number) / (shares[0] as number)).toBeGreaterThan(2);
  });
});

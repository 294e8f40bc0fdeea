import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Combiner, CombinerState } from '../combiner.js';
import { aligned } from './aligned-mtl.js';
import { conflictAverse } from './cagrad.js';
import { dividedBySum, dot, times } from './dense.js';
import { dwa } from './dwa.js';
import { famo } from './famo.js';
import { vaccinated } from './gradvac.js';
import { equalProjections } from './imtl-g.js';
import { imtlL } from './imtl-l.js';
import { shortestInHull } from './mgda.js';
import { bargained } from './nash-mtl.js';
import { projected } from './pcgrad.js';
import { stch } from './stch.js';
import { uncertainty } from './uncertainty.js';
import { unconflicting } from './upgrad.js';

interface Fixture {
  readonly gradients: readonly {
    readonly count: number;
    readonly gram: readonly number[];
    readonly jacobian: readonly (readonly number[])[];
    readonly preferred: readonly number[];
    readonly weights: Readonly<Record<string, readonly number[]>>;
    readonly pcgradOrders: readonly (readonly number[])[];
    readonly gradvac: readonly { gram: readonly number[]; orders: readonly number[][]; weights: readonly number[] }[];
    readonly gradvacTargets: readonly number[];
  }[];
  readonly losses: readonly {
    readonly count: number;
    readonly losses: readonly (readonly number[])[];
    readonly weights: Readonly<Record<string, readonly (readonly number[])[]>>;
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('./torchjd-weights.fixture.json', import.meta.url), 'utf8')) as Fixture;

/** Length of the difference of two updates Jᵀw beside that of theirs. */
function updateError(jacobian: readonly (readonly number[])[], ours: ArrayLike<number>, theirs: ArrayLike<number>) {
  const size = (weights: (t: number) => number) => {
    let square = 0;
    for (let d = 0; d < (jacobian[0] as readonly number[]).length; d++)
      square += jacobian.reduce((sum, row, t) => sum + weights(t) * (row[d] as number), 0) ** 2;
    return Math.sqrt(square);
  };
  return size((t) => (ours[t] as number) - (theirs[t] as number)) / size((t) => theirs[t] as number);
}

/** Whether weights solve Nash-MTL's own equation, αᵢ(Gα)ᵢ = 1 up to scale: TorchJD's may stop before, and say so. */
function bargains({ gram }: Case, weights: readonly number[]): boolean {
  const alpha = Float64Array.from(weights);
  const gains = times(Float64Array.from(gram), alpha).map((gain, i) => gain * (alpha[i] as number));
  return Math.max(...gains) / Math.min(...gains) < 1.001;
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const equal = (n: number) => new Float64Array(n).fill(1 / n);

/**
 * Kind, our weights, the factor on TorchJD's, and the largest relative difference of the updates. Where that is not rounding, it is
 * the other solver's: Frank-Wolfe for MGDA (5,000 iterations), CLARABEL for CAGrad, quadprog on a matrix with 1e-13 added for
 * UPGrad, a sequence of programs for Nash-MTL.
 */
type Case = Fixture['gradients'][number];
const kinds: readonly [string, (of: Case) => Float64Array, (weights: readonly number[]) => number, number][] = [
  ['upgrad', ({ gram, count }) => unconflicting(Float64Array.from(gram), equal(count)), () => 1, 1e-9],
  [
    'upgrad preferred',
    (of) => unconflicting(Float64Array.from(of.gram), Float64Array.from(of.preferred)),
    () => 1,
    1e-9,
  ],
  ['mgda', ({ gram, count }) => shortestInHull(Float64Array.from(gram), count), () => 1, 0.05],
  ['cagrad 0.4', ({ gram, count }) => conflictAverse(Float64Array.from(gram), 0.4, equal(count)), () => 1, 1e-3],
  ['cagrad 0.9', ({ gram, count }) => conflictAverse(Float64Array.from(gram), 0.9, equal(count)), () => 1, 1e-3],
  ['imtl-g', ({ gram, count }) => equalProjections(Float64Array.from(gram), count), () => 1, 1e-9],
  ['aligned-mtl min', ({ gram, count }) => aligned(Float64Array.from(gram), 'min', equal(count)), () => 1, 1e-9],
  ['aligned-mtl median', ({ gram, count }) => aligned(Float64Array.from(gram), 'median', equal(count)), () => 1, 1e-9],
  [
    'aligned-mtl rmse',
    (of) => aligned(Float64Array.from(of.gram), 'rmse', Float64Array.from(of.preferred)),
    () => 1,
    1e-9,
  ],
  ['nash-mtl', ({ gram, count }) => bargained(Float64Array.from(gram), count), (weights) => 1 / sum(weights), 1e-4],
  [
    'pcgrad',
    (of) => projected(Float64Array.from(of.gram), of.count, (i) => of.pcgradOrders[i] as readonly number[]),
    (weights) => 1 / weights.length,
    1e-12,
  ],
];

describe('weights beside TorchJD', () => {
  it.each(kinds)('%s', (name, weigh, factor, tolerance) => {
    let worst = 0;
    let compared = 0;
    for (const of of fixture.gradients) {
      const theirs = of.weights[name] as readonly number[];
      if (name === 'nash-mtl' && !bargains(of, theirs)) continue;
      compared++;
      const error = updateError(
        of.jacobian,
        weigh(of),
        theirs.map((weight) => weight * factor(theirs)),
      );
      worst = Math.max(worst, error);
    }
    expect(worst).toBeLessThan(tolerance);
    expect(compared).toBeGreaterThanOrEqual(name === 'nash-mtl' ? 14 : fixture.gradients.length);
  });

  it('finds a shorter vector than Frank-Wolfe, and a value of CAGrad not above that of CLARABEL', () => {
    for (const { count, gram, weights } of fixture.gradients) {
      const g = Float64Array.from(gram);
      const square = (w: ArrayLike<number>) => {
        const vector = Float64Array.from(w);
        return dot(vector, times(g, vector));
      };
      expect(square(shortestInHull(g, count))).toBeLessThanOrEqual(square(weights.mgda as number[]) * (1 + 1e-12));
      const mean = square(equal(count));
      const value = (added: Float64Array) => {
        const w = dividedBySum(added.map((weight) => Math.max(0, weight - 1 / count)));
        return dot(w, times(g, equal(count))) + 0.4 * Math.sqrt(mean * square(w));
      };
      const ours = value(conflictAverse(g, 0.4, equal(count)));
      expect(ours).toBeLessThanOrEqual(value(Float64Array.from(weights['cagrad 0.4'] as number[])) + 1e-12 * mean);
    }
  });

  it('gradvac, with its targets after four steps', () => {
    let worst = 0;
    for (const { count, gradvac, gradvacTargets } of fixture.gradients) {
      const targets = new Array<number>(count * count).fill(0);
      const tasks = Array.from({ length: count }, (_, i) => i);
      for (const { gram, orders, weights } of gradvac) {
        const ours = vaccinated(Float64Array.from(gram), targets, tasks, count, 0.3, (i) => orders[i] as number[]);
        ours.forEach((weight, i) => {
          worst = Math.max(worst, Math.abs(weight * count - (weights[i] as number)) / sum(weights.map(Math.abs)));
        });
      }
      targets.forEach((target, i) => {
        worst = Math.max(worst, Math.abs(target - (gradvacTargets[i] as number)));
      });
    }
    // TorchJD adds 1e-8 to the products of the norms.
    expect(worst).toBeLessThan(1e-6);
  });

  const overLosses: readonly [string, Combiner, number][] = [
    ['uncertainty', uncertainty(0.05), 1e-12],
    ['imtl-l', imtlL(0.05), 1e-12],
    ['famo', famo(0.025, 0.001), 1e-12],
    ['stch', stch(0.5), 1e-12],
    ['dwa', dwa(2, 3), 1e-12],
  ];
  it.each(overLosses)('%s over ten steps, divided by the sum', (name, combine, tolerance) => {
    let worst = 0;
    for (const of of fixture.losses) {
      let state: CombinerState = {};
      of.losses.forEach((losses, step) => {
        const output = combine({
          gram: new Float64Array(of.count * of.count),
          losses: Float64Array.from(losses),
          tasks: losses.map((_, i) => i),
          taskCount: of.count,
          shares: new Float64Array(of.count).fill(1),
          step: step + 1,
          state,
        });
        state = output.state;
        const theirs = of.weights[name]?.[step] as readonly number[];
        output.weights.forEach((weight, i) => {
          worst = Math.max(worst, Math.abs(weight - (theirs[i] as number) / sum(theirs)));
        });
      });
    }
    expect(worst).toBeLessThan(tolerance);
  });
});

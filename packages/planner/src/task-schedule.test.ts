import { type RunFileInput, runFileSchema } from '@tributary/config';
import { describe, expect, it } from 'vitest';
import { fractionalPower } from './fractional-power.js';
import { lanesOf } from './lanes-of.js';
import { expectedMicrobatches, laneSchedule, taskSchedule } from './task-schedule.js';

const task = (name: string, fields: Partial<RunFileInput['tasks'][number]> = {}): RunFileInput['tasks'][number] => ({
  name,
  data: { source: 'words', kind: 'spell' },
  ...fields,
});
const specOf = (fields: Partial<RunFileInput> = {}) =>
  runFileSchema.parse({
    experiment: 'e',
    seed: 3,
    tasks: [task('large'), task('middle', { replicas: 2 }), task('small')],
    budget: { steps: 10_000 },
    ...fields,
  });
const examples = { large: 64_000, middle: 4_000, small: 250 };
const steps = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index);

/** Draws of each task over some steps. */
const drawsOf = (spec: ReturnType<typeof specOf>, from: number, until: number): number[] => {
  const schedule = taskSchedule(spec, examples);
  const sums = [0, 0, 0];
  for (const step of steps(until - from + 1, from))
    for (const [index, count] of schedule(step).entries()) sums[index] = (sums[index] as number) + count;
  return sums;
};

/** Pearson's χ² of drawn counts against expected shares. */
const chiSquared = (drawn: readonly number[], shares: readonly number[]): number => {
  const draws = drawn.reduce((a, b) => a + b, 0);
  const total = shares.reduce((a, b) => a + b, 0);
  return drawn.reduce((sum, count, index) => {
    const expected = (draws * (shares[index] as number)) / total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
};

/** χ² of two degrees of freedom lies below it with a chance of 0.999. */
const limit = 13.8;

describe('taskSchedule', () => {
  it('takes every task in every step, each with its multiple of microbatches', () => {
    const tasks = [task('large', { microbatches: 3 }), task('middle', { replicas: 2 }), task('small')];
    const schedule = taskSchedule(specOf({ tasks, batch: { microbatches: 2 } }), examples);
    expect(steps(3).map(schedule)).toEqual(steps(3).map(() => [6, 2, 2]));
  });

  it.each([1, 2, 5, 0.8])('draws in proportion to n^(1/T) at T = %s', (temperature) => {
    const drawn = drawsOf(specOf({ sampling: { kind: 'temperature', temperature, draws: 3 } }), 1, 10_000);
    expect(drawn.reduce((a, b) => a + b)).toBe(30_000);
    expect(
      chiSquared(
        drawn,
        Object.values(examples).map((n) => n ** (1 / temperature)),
      ),
    ).toBeLessThan(limit);
  });

  it('moves the temperature along the budget', () => {
    const spec = specOf({ sampling: { kind: 'temperature', temperature: 1, final: 100, draws: 3 } });
    const share = ([large, middle, small]: number[]) => (small as number) / ((large as number) + (middle as number));
    expect(share(drawsOf(spec, 1, 100))).toBeLessThan(0.05);
    expect(share(drawsOf(spec, 9_900, 10_000))).toBeGreaterThan(0.4);
    const late = drawsOf(spec, 9_000, 10_000);
    const shares = Object.values(examples).map((n) => n ** (1 / 95));
    expect(chiSquared(late, shares)).toBeLessThan(limit);
  });

  it('draws in fixed proportions; a task left out takes no part', () => {
    const sampling = { kind: 'proportions', proportions: { large: 1, small: 3 }, draws: 2 } as const;
    const [large, middle, small] = drawsOf(specOf({ sampling }), 1, 10_000) as [number, number, number];
    expect(middle).toBe(0);
    expect(chiSquared([large, small], [1, 3])).toBeLessThan(10.8);
  });

  it('draws steps apart from each other', () => {
    const schedule = taskSchedule(specOf({ sampling: { kind: 'temperature', temperature: 1000, draws: 1 } }), examples);
    const chosen = steps(9_001).map((step) => schedule(step).indexOf(1));
    const pairs = new Array<number>(9).fill(0);
    for (let i = 0; i < 9_000; i++) {
      const pair = (chosen[i] as number) * 3 + (chosen[i + 1] as number);
      pairs[pair] = (pairs[pair] as number) + 1;
    }
    // Eight degrees of freedom.
    expect(chiSquared(pairs, new Array(9).fill(1))).toBeLessThan(26.1);
  });

  it('is a function of seed, data and step alone', () => {
    const spec = specOf({ sampling: { kind: 'temperature', temperature: 2, draws: 4 } });
    const forwards = steps(50).map(taskSchedule(spec, examples));
    expect(steps(50).toReversed().map(taskSchedule(spec, examples)).toReversed()).toEqual(forwards);
    expect(steps(50).map(taskSchedule({ ...spec, seed: 4 }, examples))).not.toEqual(forwards);
  });

  it('keeps tasks to their steps, and says which step has none', () => {
    const tasks = [
      task('large', { steps: { until: 4 } }),
      task('middle', { steps: { from: 3 } }),
      task('small', { steps: { from: 6, until: 7 } }),
    ];
    const schedule = taskSchedule(specOf({ tasks }), examples);
    expect(steps(8).map(schedule)).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
      [1, 1, 0],
      [0, 1, 0],
      [0, 1, 1],
      [0, 1, 1],
      [0, 1, 0],
    ]);
    const sampled = taskSchedule(
      specOf({ tasks, sampling: { kind: 'temperature', temperature: 3, draws: 5 } }),
      examples,
    );
    for (const step of steps(1_000)) {
      const [large, middle, small] = sampled(step) as [number, number, number];
      expect(large + middle + small).toBe(5);
      expect([large > 0 && step > 4, middle > 0 && step < 3, small > 0 && (step < 6 || step > 7)]).toEqual([
        false,
        false,
        false,
      ]);
    }
    const short = taskSchedule(
      specOf({ tasks: [task('large', { steps: { until: 4 } })], budget: { steps: 4 } }),
      examples,
    );
    expect(() => short(5)).toThrow(/No task takes part in step 5/);
  });

  it('gives all lanes of a task its microbatches', () => {
    const spec = specOf({ tasks: [task('large', { replicas: 2 }), task('small', { steps: { from: 2 } })] });
    const byLane = laneSchedule(taskSchedule(spec, examples), spec.tasks, lanesOf(spec));
    expect([1, 2].map(byLane)).toEqual([
      [1, 1, 0],
      [1, 1, 1],
    ]);
  });

  it('expects what it draws', () => {
    const tasks = [task('large', { microbatches: 2 }), task('middle', { steps: { from: 5_001 } }), task('small')];
    const spec = specOf({ tasks, sampling: { kind: 'temperature', temperature: 2, draws: 3 } });
    const drawn = drawsOf(spec, 1, 10_000).map((count) => count / 10_000);
    for (const [index, expected] of expectedMicrobatches(spec, examples).entries())
      expect(Math.abs((drawn[index] as number) / expected - 1)).toBeLessThan(0.06);
    expect(expectedMicrobatches(specOf({ tasks }), examples)).toEqual([2, 0.5, 1]);
  });
});

it('takes powers as Math.pow does, to the last bits', () => {
  for (const base of [1, 0.7, 1 / 256, 3e-7, 0])
    for (const exponent of [0.01, 1 / 3, 0.5, 1, 1.25, 4, 17.3]) {
      const expected = base ** exponent;
      expect(Math.abs(fractionalPower(base, exponent) - expected)).toBeLessThanOrEqual(expected * 1e-14);
    }
});

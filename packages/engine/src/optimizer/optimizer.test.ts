import type { OptimizerSpec, ScheduleSpec } from '@tributary/config';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { wholePower } from './adam.js';
import { createOptimizer } from './create-optimizer.js';
import { cosineOfHalfTurn } from './schedule.js';

const adam: OptimizerSpec = { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const sgd: OptimizerSpec = { kind: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: false };
const plain: OptimizerSpec = { kind: 'sgd', learningRate: 0.1, momentum: 0, nesterov: false };
const constant: ScheduleSpec = { kind: 'constant' };
const warm: ScheduleSpec = { kind: 'warmup-cosine', warmupSteps: 4, floor: 0.1 };
const size = 1003;
const steps = 12;

function draw(...names: string[]): Float32Array {
  const stream = randomStream(7, ...names);
  return Float32Array.from({ length: size }, () => stream.uniform() * 2 - 1);
}

/** Runs all steps, each applied range by range; `cuts` are the inner boundaries. */
function train(spec: OptimizerSpec, schedule: ScheduleSpec, cuts: readonly number[] = []): Float32Array[] {
  const optimizer = createOptimizer(spec, schedule, steps);
  let parameters = draw('parameters');
  let state = optimizer.slots.map(() => new Float32Array(size));
  const bounds = [0, ...cuts, size];
  for (let step = 0; step < steps; step++) {
    const gradient = draw('gradient', String(step));
    const nextParameters = new Float32Array(size);
    const nextState = state.map(() => new Float32Array(size));
    for (let i = 0; i + 1 < bounds.length; i++) {
      const range = (array: Float32Array) => array.subarray(bounds[i], bounds[i + 1]);
      optimizer.apply({
        step,
        parameters: range(parameters),
        gradient: range(gradient),
        state: state.map(range),
        nextParameters: range(nextParameters),
        nextState: nextState.map(range),
      });
    }
    parameters = nextParameters;
    state = nextState;
  }
  return [parameters, ...state];
}

describe('optimizers', () => {
  it('Adam follows the published algorithm', () => {
    const [parameters] = train(adam, warm) as [Float32Array];
    const optimizer = createOptimizer(adam, warm, steps);
    const expected = Array.from(draw('parameters'));
    const m = new Array<number>(size).fill(0);
    const v = new Array<number>(size).fill(0);
    for (let step = 0; step < steps; step++) {
      const gradient = draw('gradient', String(step));
      for (let i = 0; i < size; i++) {
        const g = gradient[i] as number;
        m[i] = 0.9 * (m[i] as number) + 0.1 * g;
        v[i] = 0.999 * (v[i] as number) + 0.001 * g * g;
        const mHat = (m[i] as number) / (1 - 0.9 ** (step + 1));
        const vHat = (v[i] as number) / (1 - 0.999 ** (step + 1));
        expected[i] = (expected[i] as number) - (optimizer.learningRate(step) * mHat) / (Math.sqrt(vHat) + 1e-8);
      }
    }
    const worst = Math.max(...expected.map((value, i) => Math.abs(value - (parameters[i] as number))));
    expect(worst).toBeLessThan(2e-6);
  });

  it('SGD follows its momentum', () => {
    const [parameters, momentum] = train(sgd, constant) as [Float32Array, Float32Array];
    const expected = Array.from(draw('parameters'));
    const sum = new Array<number>(size).fill(0);
    for (let step = 0; step < steps; step++) {
      draw('gradient', String(step)).forEach((g, i) => {
        sum[i] = 0.9 * (sum[i] as number) + g;
        expected[i] = (expected[i] as number) - 0.1 * (sum[i] as number);
      });
    }
    expected.forEach((value, i) => {
      expect(parameters[i]).toBeCloseTo(value, 4);
      expect(momentum[i]).toBeCloseTo(sum[i] as number, 4);
    });
    expect(createOptimizer(plain, constant, steps).slots).toEqual([]);
  });

  it.each([
    ['adam', adam],
    ['sgd', sgd],
    ['plain sgd', plain],
  ])('%s gives the same bits again, and range by range', (_, spec) => {
    const whole = train(spec, warm);
    expect(train(spec, warm)).toEqual(whole);
    expect(train(spec, warm, [1, 256, 700, 1002])).toEqual(whole);
  });

  it('leaves state k untouched', () => {
    const optimizer = createOptimizer(adam, constant, steps);
    const parameters = draw('parameters');
    const state = [draw('m'), draw('v').map(Math.abs)];
    const gradient = draw('gradient');
    const before = [parameters, gradient, ...state].map((array) => array.slice());
    optimizer.apply({
      step: 5,
      parameters,
      gradient,
      state,
      nextParameters: new Float32Array(size),
      nextState: [new Float32Array(size), new Float32Array(size)],
    });
    expect([parameters, gradient, ...state]).toEqual(before);
  });

  it('refuses arrays of unequal length', () => {
    const optimizer = createOptimizer(plain, constant, steps);
    const update = { step: 0, parameters: draw('p'), gradient: new Float32Array(3), state: [], nextState: [] };
    expect(() => optimizer.apply({ ...update, nextParameters: draw('p') })).toThrow(/needs a gradient/);
  });
});

describe('schedules', () => {
  it('warms up, falls along a cosine and stays at the floor', () => {
    const { learningRate } = createOptimizer(adam, warm, 104);
    expect([0, 1, 2, 3, 4].map(learningRate)).toEqual([0.0025, 0.005, 0.0075, 0.01, 0.01]);
    expect(learningRate(54)).toBeCloseTo(0.01 * 0.55, 12);
    expect(learningRate(104)).toBeCloseTo(0.001, 12);
    expect(learningRate(500)).toBeCloseTo(0.001, 12);
    expect(createOptimizer(adam, constant, 104).learningRate(50)).toBe(0.01);
    expect(createOptimizer(adam, { ...warm, warmupSteps: 0 }, 100).learningRate(0)).toBe(0.01);
  });

  it('its cosine and powers agree with the library', () => {
    for (let i = 0; i <= 1000; i++) expect(cosineOfHalfTurn(i / 1000)).toBeCloseTo(Math.cos((Math.PI * i) / 1000), 15);
    for (const exponent of [0, 1, 2, 7, 100, 4097]) {
      expect(wholePower(0.999, exponent) / 0.999 ** exponent).toBeCloseTo(1, 12);
    }
  });
});

import { readFileSync } from 'node:fs';
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

/** The part of elements 200 to 499 that lies within a range, counted from its start. */
function decayedBetween(from: number, to: number) {
  const start = Math.max(200, from);
  const size = Math.min(500, to) - start;
  return size > 0 ? [{ offset: start - from, size }] : [];
}

/** Runs all steps, each applied range by range; `cuts` are the inner boundaries. */
function train(
  spec: OptimizerSpec,
  schedule: ScheduleSpec,
  cuts: readonly number[] = [],
  way: 'auto' | 'javascript' = 'auto',
): Float32Array[] {
  const optimizer = createOptimizer(spec, schedule, steps, way);
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
        decayed: decayedBetween(bounds[i] as number, bounds[i + 1] as number),
      });
    }
    parameters = nextParameters;
    state = nextState;
  }
  return [parameters, ...state];
}

/** Applies one gradient after the other; gives the parameters after each, and the slots at the end. */
function updates(
  spec: OptimizerSpec,
  initial: readonly number[],
  gradients: readonly (readonly number[])[],
  decayed: readonly { offset: number; size: number }[] = [],
) {
  const optimizer = createOptimizer(spec, constant, gradients.length);
  const parameters = Float32Array.from(initial);
  const state = optimizer.slots.map(() => new Float32Array(initial.length));
  const after = gradients.map((gradient, step) => {
    const own = { parameters, nextParameters: parameters, state, nextState: state };
    optimizer.apply({ ...own, step, gradient: Float32Array.from(gradient), decayed });
    return [...parameters];
  });
  return {
    after,
    slots: Object.fromEntries(optimizer.slots.map((name, i) => [name, [...(state[i] as Float32Array)]])),
  };
}

describe('a vector that steps leave alone', () => {
  it('is corrected by its own updates, at the learning rate of the run', () => {
    const halving = { kind: 'linear', warmupSteps: 0, floor: 0 } as const;
    const run = (calls: readonly { step: number; updates?: number }[], schedule: ScheduleSpec) => {
      const optimizer = createOptimizer(adam, schedule, 10);
      const parameters = Float32Array.of(1, -1);
      const state = [new Float32Array(2), new Float32Array(2)];
      for (const call of calls)
        optimizer.apply({
          ...call,
          parameters,
          nextParameters: parameters,
          state,
          nextState: state,
          gradient: Float32Array.of(0.5, 2),
        });
      return [...parameters, ...state.flatMap((slot) => [...slot])];
    };
    const sparse = [0, 5, 8].map((step, updates) => ({ step, updates }));
    expect(run(sparse, constant)).toEqual(run([{ step: 0 }, { step: 1 }, { step: 2 }], constant));
    expect(run(sparse, halving)).not.toEqual(run([{ step: 0 }, { step: 1 }, { step: 2 }], halving));
    // A constant gradient moves every weight by the rates of the steps: 0.01 · (1 + 0.5 + 0.2).
    expect(run(sparse, halving)[0]).toBeCloseTo(1 - 0.017, 6);
  });
});

describe('optimizers, by hand', () => {
  const rate = { learningRate: 0.5 };
  const halfMomentum = { kind: 'sgd', ...rate, momentum: 0.5 } as const;
  const moments = { beta1: 0.5, beta2: 0.75 };
  const everything = [{ offset: 0, size: 1 }];

  it('SGD goes against the gradient', () => {
    expect(updates({ kind: 'sgd', ...rate, momentum: 0, nesterov: false }, [1], [[2], [-4]]).after).toEqual([[0], [2]]);
  });

  it('momentum goes against the running sum, Nesterov against where it leads', () => {
    // Sums 2 and 0.5 · 2 + 1.
    expect(updates({ ...halfMomentum, nesterov: false }, [1], [[2], [1]]).after).toEqual([[0], [-1]]);
    // 2 + 0.5 · 2, and 1 + 0.5 · 2.
    expect(updates({ ...halfMomentum, nesterov: true }, [1], [[2], [1]]).after).toEqual([[-0.5], [-1.5]]);
  });

  it('Adam divides the corrected mean by the root of the corrected mean square', () => {
    // m = 2, v = 4; corrected 4 and 16; 0.5 · 4 / (4 + 1) = 0.4.
    const adamOf = updates({ kind: 'adam', ...rate, ...moments, epsilon: 1 }, [1], [[4]]);
    expect(adamOf).toEqual({ after: [[Math.fround(1 - Math.fround(0.4))]], slots: { m: [2], v: [4] } });
  });

  it('AdamW first takes 0.5 · 0.5 of a weight that decays', () => {
    const adamw = { kind: 'adamw', ...rate, ...moments, epsilon: 1, weightDecay: 0.5 } as const;
    expect(updates(adamw, [1, 1], [[4, 4]], everything).after[0]).toEqual(
      [0.75, 1].map((kept) => Math.fround(kept - Math.fround(0.4))),
    );
  });

  it('Lion moves by the sign alone', () => {
    const lion = { kind: 'lion', ...rate, ...moments, weightDecay: 0.5 } as const;
    // Leaning 2, then 0.5 · 1 - 2; momentum 1, then 0.75 - 1.
    const { after, slots } = updates(
      lion,
      [1, 1],
      [
        [4, 0],
        [-4, 0],
      ],
      everything,
    );
    expect(after).toEqual([
      [0.75 - 0.5, 1],
      [0.25 * 0.75 + 0.5, 1],
    ]);
    expect(slots).toEqual({ momentum: [-0.25, 0] });
  });
});

describe('optimizers beside PyTorch in float64, ten steps', () => {
  const fixture = JSON.parse(readFileSync(new URL('./torch-optimizers.fixture.json', import.meta.url), 'utf8')) as {
    matrix: number;
    initial: number[];
    gradients: number[][];
    cases: Record<string, Record<string, number[]>>;
  };
  const adamOptions = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-6 };
  const specs: Record<string, OptimizerSpec> = {
    sgd: { kind: 'sgd', learningRate: 0.02, momentum: 0, nesterov: false },
    momentum: { kind: 'sgd', learningRate: 0.02, momentum: 0.9, nesterov: false },
    nesterov: { kind: 'sgd', learningRate: 0.02, momentum: 0.9, nesterov: true },
    adam: { kind: 'adam', ...adamOptions },
    adamw: { kind: 'adamw', ...adamOptions, weightDecay: 0.5 },
    lion: { kind: 'lion', learningRate: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.5 },
  };

  // float32 keeps 24 bits: ten roundings of 2^-24 each, and as many of the moments.
  it.each(Object.keys(specs))('%s is within 1e-6 of it, relative to values above 1', (name) => {
    const { initial, gradients, matrix } = fixture;
    const { after, slots } = updates(specs[name] as OptimizerSpec, initial, gradients, [{ offset: 0, size: matrix }]);
    const { parameters, ...torchSlots } = fixture.cases[name] as Record<string, number[]>;
    expect(Object.keys(slots)).toEqual(Object.keys(torchSlots));
    for (const [own, torch] of [
      [after.at(-1), parameters],
      ...Object.keys(slots).map((key) => [slots[key], torchSlots[key]]),
    ]) {
      const apart = (torch as number[]).map(
        (value, i) => Math.abs(value - ((own as number[])[i] as number)) / Math.max(1, Math.abs(value)),
      );
      expect(Math.max(...apart)).toBeLessThan(1e-6);
    }
  });
});

describe('optimizers', () => {
  it.each([
    ['adam', adam],
    ['sgd', sgd],
    ['plain sgd', plain],
    ['adamw', { ...adam, kind: 'adamw', weightDecay: 0.1 }],
    ['lion', { kind: 'lion', learningRate: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.1 }],
  ] as const)('%s gives the same bits again, range by range, and without WebAssembly', (_, spec) => {
    const whole = train(spec, warm);
    expect(train(spec, warm)).toEqual(whole);
    expect(train(spec, warm, [1, 256, 700, 1002])).toEqual(whole);
    expect(train(spec, warm, [], 'javascript')).toEqual(whole);
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

  it('lets moments fade to 0 at every 64th update, and not stay among the numbers that are slow', () => {
    for (const way of ['auto', 'javascript'] as const) {
      const optimizer = createOptimizer(adam, constant, steps, way);
      const state = [new Float32Array(7).fill(1.2e-38), new Float32Array(7).fill(1e-45)];
      const parameters = new Float32Array(7).fill(1);
      const own = { parameters, nextParameters: parameters, state, nextState: state };
      const update = (step: number) => optimizer.apply({ ...own, step, gradient: new Float32Array(7) });
      update(62);
      expect(state.every((slot) => slot.every((value) => value > 0 && value < 1.2e-38))).toBe(true);
      update(63);
      expect(state.map((slot) => [...slot])).toEqual([new Array(7).fill(0), new Array(7).fill(0)]);
    }
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

  it('falls along a straight line to the floor', () => {
    const { learningRate } = createOptimizer(plain, { kind: 'linear', warmupSteps: 2, floor: 0.5 }, 10);
    const shares = [0, 1, 2, 4, 6, 10, 11].map((step) => learningRate(step) / 0.1);
    const expected = [0.5, 1, 1, 0.875, 0.75, 0.5, 0.5];
    for (const [i, share] of expected.entries()) expect(shares[i]).toBeCloseTo(share, 15);
    expect(createOptimizer(plain, { kind: 'linear', warmupSteps: 0, floor: 0 }, 4).learningRate(4)).toBe(0);
  });

  it('falls with the root of the number of updates', () => {
    const { learningRate } = createOptimizer(plain, { kind: 'inverse-sqrt', warmupSteps: 4 }, 10);
    const shares = [0, 1, 3, 8, 15, 63].map((step) => learningRate(step) / 0.1);
    expect(shares.slice(0, 3)).toEqual([0.25, 0.5, 1]);
    for (const [i, share] of [2 / 3, 0.5, 0.25].entries()) expect(shares[3 + i]).toBeCloseTo(share, 15);
  });

  it('its cosine and powers agree with the library', () => {
    for (let i = 0; i <= 1000; i++) expect(cosineOfHalfTurn(i / 1000)).toBeCloseTo(Math.cos((Math.PI * i) / 1000), 15);
    for (const exponent of [0, 1, 2, 7, 100, 4097]) {
      expect(wholePower(0.999, exponent) / 0.999 ** exponent).toBeCloseTo(1, 12);
    }
  });
});

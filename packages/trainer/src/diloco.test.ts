import { runFileSchema, type SyncSpec } from '@tributary/config';
import { expect, it } from 'vitest';
import { Diloco } from './diloco.js';

const spec = runFileSchema.parse({
  experiment: 'rounds',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  optimizer: { kind: 'adam', learningRate: 0.01 },
  schedule: { kind: 'warmup-cosine', warmupSteps: 20 },
  sync: { strategy: 'diloco', innerSteps: 10, outer: { lr: 0.7, momentum: 0.9 } },
  evaluation: { every: 100 },
  checkpoints: { every: 100 },
  budget: { steps: 100 },
});
const withOuter = (outer: { lr: number; momentum: number }): Diloco =>
  new Diloco({ ...(spec.sync as Extract<SyncSpec, { strategy: 'diloco' }>), outer }, spec, [], {
    sharedLayout: { elements: 1 } as never,
    task: () => ({ layout: { elements: 1 } as never }),
  });

/** Where one parameter stands after each of three rounds whose lanes moved it by the same 1, taken as a gradient. */
function outerPath(outer: { lr: number; momentum: number }): number[] {
  const { optimizer } = withOuter(outer);
  let parameters = Float32Array.of(0);
  let state = optimizer.slots.map(() => Float32Array.of(0));
  return [0, 1, 2].map((round) => {
    const nextParameters = Float32Array.of(0);
    const nextState = optimizer.slots.map(() => Float32Array.of(0));
    optimizer.apply({ step: round, parameters, gradient: Float32Array.of(1), state, nextParameters, nextState });
    [parameters, state] = [nextParameters, nextState];
    return parameters[0] as number;
  });
}

it('moves the parameters by Nesterov momentum over rounds, whatever the inner schedule', () => {
  // v = 0.9 v + 1: 1, 1.9, 2.71; each step is 0.7 (1 + 0.9 v).
  const steps = [1.9, 2.71, 3.439].map((value) => 0.7 * value);
  const path = steps.map((_, index) => -steps.slice(0, index + 1).reduce((sum, value) => sum + value, 0));
  const got = outerPath({ lr: 0.7, momentum: 0.9 });
  for (const [index, value] of path.entries()) expect(got[index]).toBeCloseTo(value, 5);
});

it('takes what lanes moved as it is where there is no momentum', () => {
  expect(outerPath({ lr: 1, momentum: 0 })).toEqual([-1, -2, -3]);
});

it("tells the inner optimizer's learning rate", () => {
  const strategy = withOuter({ lr: 0.7, momentum: 0.9 });
  expect(strategy.steps).toBe(10);
  expect(strategy.learningRate(50)).toBeLessThan(0.01);
  expect(strategy.optimizer.learningRate(5)).toBe(0.7);
});

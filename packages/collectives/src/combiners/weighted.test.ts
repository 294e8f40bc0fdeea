import { expect, it } from 'vitest';
import { weightedCombiner } from './weighted.js';

const input = (tasks: readonly number[], shares: readonly number[]) => ({
  gram: new Float64Array(tasks.length ** 2),
  losses: new Float64Array(tasks.length),
  tasks,
  taskCount: 3,
  shares: Float64Array.from(shares),
  step: 1,
  state: {},
});

it('divides the weights of the present tasks by their sum', () => {
  expect([...weightedCombiner([1, 1, 2])(input([0, 1, 2], [1, 1, 1])).weights]).toEqual([0.25, 0.25, 0.5]);
  expect([...weightedCombiner([1, 1, 3])(input([0, 2], [1, 1])).weights]).toEqual([0.25, 0.75]);
  expect([...weightedCombiner([1, 1, 3])(input([0, 2], [3, 1])).weights]).toEqual([0.5, 0.5]);
  expect([...weightedCombiner([7])(input([0], [1])).weights]).toEqual([1]);
});

it('refuses a weight that is not above 0', () => {
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => weightedCombiner([1, weight])).toThrow(RangeError);
});

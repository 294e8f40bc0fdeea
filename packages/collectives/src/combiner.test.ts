import { expect, it } from 'vitest';
import { weightedCombiner } from './combiner.js';

const input = { gram: new Float64Array(9), losses: new Float64Array(3), state: {} };

it('divides the weights by their sum', () => {
  expect([...weightedCombiner([1, 1, 2])(input).weights]).toEqual([0.25, 0.25, 0.5]);
  expect([...weightedCombiner([7])(input).weights]).toEqual([1]);
});

it('refuses a weight that is not above 0', () => {
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => weightedCombiner([1, weight])).toThrow(RangeError);
});

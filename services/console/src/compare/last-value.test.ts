import { expect, it } from 'vitest';
import { lastValue } from './last-value.js';

it('tells what is not finite from what was not recorded', () => {
  const value = { count: 2, last: 0.25, lastStep: 2, min: 0.25, max: 1 };
  expect(lastValue(value)).toBe('0.250');
  expect(lastValue({ ...value, last: null })).toBe('not finite');
  expect(lastValue(null)).toBeNull();
});

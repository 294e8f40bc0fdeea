import { expect, it } from 'vitest';
import { fenceStep } from './fence-step.js';

const generations = [
  { generation: 1, resumeStep: 0 },
  { generation: 2, resumeStep: 40 },
  { generation: 3, resumeStep: 75 },
  { generation: 4, resumeStep: 50 },
];

it('lets the work of a generation count up to where a later one began', () => {
  expect([1, 2, 3, 4].map((generation) => fenceStep(generation, generations))).toEqual([40, 50, 50, Infinity]);
});

it('does not depend on the order of generations, nor on their being without gaps', () => {
  expect(fenceStep(1, generations.toReversed())).toBe(40);
  expect(fenceStep(0, generations)).toBe(0);
  expect(fenceStep(9, generations)).toBe(Infinity);
  expect(fenceStep(1, [])).toBe(Infinity);
});

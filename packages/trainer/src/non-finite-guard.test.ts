import type { Lane } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { NonFiniteGuard } from './non-finite-guard.js';

const lanes = [
  { lane: 0, task: 'spell', replica: 0, replicas: 1 },
  { lane: 1, task: 'stress', replica: 0, replicas: 1 },
] as unknown as Lane[];
const options = { limit: 3, lanes, combiner: 'cagrad', inARow: 0 };
const good = (step: number) => ({ step, skipped: null, nonFinite: [] });
const bad = (step: number) => ({ step, skipped: 'lanes' as const, nonFinite: [1] });
const combined = (step: number) => ({ step, skipped: 'combined' as const, nonFinite: [] });

it('skips until the limit in a row, then names task and lane', () => {
  const guard = new NonFiniteGuard(options);
  const reason = 'The gradient of lane 1 (task stress) was not finite at step';
  expect([bad(1), bad(2), good(3)].map((result) => guard.reasonToSkip(result))).toEqual([
    `${reason} 1`,
    `${reason} 2`,
    null,
  ]);
  expect([bad(4), bad(5)].map((result) => guard.reasonToSkip(result))).toEqual([`${reason} 4`, `${reason} 5`]);
  expect(guard.inARow).toBe(2);
  expect(() => guard.reasonToSkip(bad(6))).toThrow(
    `${reason} 6, and the 2 before it were skipped too; lower optimizer.learningRate or look at that task's data, then launch again.`,
  );
});

it('names the combiner where all gradients were finite', () => {
  const guard = new NonFiniteGuard({ ...options, limit: 1 });
  expect(() => guard.reasonToSkip(combined(9))).toThrow(
    "What combiner cagrad made of the tasks' finite gradients was not finite at step 9; lower optimizer.learningRate or take another combiner, then launch again.",
  );
});

it('counts on after a resume', () => {
  const guard = new NonFiniteGuard({ ...options, inARow: 2 });
  expect(() => guard.reasonToSkip(combined(7))).toThrow(/step 7, and the 2 before it were skipped too/);
});

import { describe, expect, it } from 'vitest';
import { checkpointsToDelete } from './checkpoint-retention.js';

const at = (...steps: number[]) => steps.map((step) => ({ step }));
const steps = (checkpoints: readonly { readonly step: number }[]) => checkpoints.map(({ step }) => step);

describe('checkpointsToDelete', () => {
  it('keeps the newest, whatever the order', () => {
    expect(checkpointsToDelete(at(300, 100, 400, 200), { keep: 2 })).toEqual(at(100, 200));
  });
  it('deletes nothing while there are few', () => {
    expect(checkpointsToDelete(at(1, 2, 3), { keep: 3 })).toEqual([]);
    expect(checkpointsToDelete([], { keep: 1 })).toEqual([]);
  });
  it('never deletes the newest', () => {
    expect(checkpointsToDelete(at(1, 2), { keep: 0 })).toEqual(at(1));
  });
  it('leaves its argument alone', () => {
    const checkpoints = at(1, 2, 3);
    checkpointsToDelete(checkpoints, { keep: 1 });
    expect(checkpoints).toEqual(at(1, 2, 3));
  });
  it('keeps every n-th for good', () => {
    expect(steps(checkpointsToDelete(at(100, 200, 300, 400, 500), { keep: 1, keepEvery: 200 }))).toEqual([100, 300]);
  });

  const valued = [
    { step: 10, value: 3 },
    { step: 20, value: 1 },
    { step: 30, value: null },
    { step: 40, value: Number.NaN },
    { step: 50, value: 1 },
    { step: 60, value: 2 },
  ];
  it('keeps the best, of equal ones the newer, and takes what is not measured for no one', () => {
    const deleted = (mode: 'min' | 'max', keep: number) =>
      steps(checkpointsToDelete(valued, { keep: 1, best: { mode, keep } }));
    expect(deleted('min', 1)).toEqual([10, 20, 30, 40]);
    expect(deleted('min', 2)).toEqual([10, 30, 40]);
    expect(deleted('max', 1)).toEqual([20, 30, 40, 50]);
    expect(deleted('min', 10)).toEqual([30, 40]);
  });
});

import { describe, expect, it } from 'vitest';
import { checkpointsToDelete } from './checkpoint-retention.js';

const at = (...steps: number[]) => steps.map((step) => ({ step }));

describe('checkpointsToDelete', () => {
  it('keeps the newest, whatever the order', () => {
    expect(checkpointsToDelete(at(300, 100, 400, 200), 2)).toEqual(at(100, 200));
  });
  it('deletes nothing while there are few', () => {
    expect(checkpointsToDelete(at(1, 2, 3), 3)).toEqual([]);
    expect(checkpointsToDelete([], 1)).toEqual([]);
  });
  it('never deletes the newest', () => {
    expect(checkpointsToDelete(at(1, 2), 0)).toEqual(at(1));
  });
  it('leaves its argument alone', () => {
    const checkpoints = at(1, 2, 3);
    checkpointsToDelete(checkpoints, 1);
    expect(checkpoints).toEqual(at(1, 2, 3));
  });
});

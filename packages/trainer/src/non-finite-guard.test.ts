import type { Lane } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { NonFiniteGuard } from './non-finite-guard.js';

const lanes = [{ lane: 0, task: 'spell', replica: 0, replicas: 1 }] as unknown as Lane[];

it('skips until the limit in a row, then names task and lane', () => {
  const guard = new NonFiniteGuard(3);
  expect([guard.admits(1, [0], lanes), guard.admits(2, [0], lanes), guard.admits(3, [], lanes)]).toEqual([
    false,
    false,
    true,
  ]);
  expect([guard.admits(4, [0], lanes), guard.admits(5, [0], lanes)]).toEqual([false, false]);
  expect(() => guard.admits(6, [0], lanes)).toThrow(
    /lane 0 \(task spell\) was not finite at step 6 and the 2 before it/,
  );
});

import type { LaneIndex, Member, MemberIndex, WorkerId } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { withBuddies } from './with-buddies.js';

/** Workers named `<host><number>`, one lane each. */
function membersOn(...workers: string[]): Member[] {
  return workers.map((worker, member) => ({
    member: member as MemberIndex,
    worker: worker as WorkerId,
    lanes: [member as LaneIndex],
  }));
}

const buddies = (...workers: string[]) =>
  withBuddies(membersOn(...workers), (worker) => worker.slice(0, 1)).map(({ buddy }) => buddy);

it('gives a member that is alone nobody', () => {
  expect(buddies('a0')).toEqual([null]);
  expect(buddies()).toEqual([]);
});

it('takes the next member round the ring on another host', () => {
  expect(buddies('a0', 'a1', 'b0')).toEqual(['b0', 'b0', 'a0']);
  expect(buddies('a0', 'a1', 'b0', 'b1')).toEqual(['b0', 'b0', 'a0', 'a0']);
  expect(buddies('a0', 'b0', 'c0')).toEqual(['b0', 'c0', 'a0']);
  expect(buddies('b0', 'a0', 'a1')).toEqual(['a0', 'b0', 'b0']);
});

it('takes the next member where all are on one host', () => {
  expect(buddies('a0', 'a1', 'a2')).toEqual(['a1', 'a2', 'a0']);
});

it('never makes a member its own buddy, and changes nothing else', () => {
  const members = membersOn('a0', 'b0', 'b1', 'c0', 'c1', 'c2');
  const given = withBuddies(members, (worker) => worker.slice(0, 1));
  for (const { worker, buddy } of given) expect(buddy).not.toBe(worker);
  expect(given.map(({ buddy: _buddy, ...member }) => member)).toEqual(members);
});

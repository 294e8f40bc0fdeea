import type { MemberIndex } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { planShards } from './shard-plan.js';

const members = (count: number) => Array.from({ length: count }, (_, member) => ({ member: member as MemberIndex }));

describe('planShards', () => {
  it('covers every block once, in order, with at most one block of difference', () => {
    for (const blocks of [0, 1, 2, 3, 7, 64, 321]) {
      for (const size of [1, 2, 3, 5, 8]) {
        const shards = planShards(blocks, members(size));
        let next = 0;
        for (const shard of shards) {
          expect(shard.firstBlock).toBe(next);
          next += shard.blockCount;
        }
        expect(next).toBe(blocks);
        const counts = shards.map((shard) => shard.blockCount);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('gives the first members the larger shards, and the last none where blocks are few', () => {
    expect(planShards(7, members(3)).map((shard) => shard.blockCount)).toEqual([3, 2, 2]);
    expect(planShards(2, members(4)).map((shard) => shard.blockCount)).toEqual([1, 1, 0, 0]);
  });

  it('refuses a count that is none', () => {
    expect(() => planShards(-1, members(1))).toThrow(RangeError);
    expect(() => planShards(1.5, members(1))).toThrow(RangeError);
    expect(() => planShards(1, [])).toThrow(RangeError);
  });
});

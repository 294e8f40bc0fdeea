import type { Member, Shard } from '@tributary/protocol';

/**
 * Gives each member a contiguous range of whole blocks of the flat shared gradient, in the order of the list and as even as
 * possible: the first members own one block more. With fewer blocks than members the last own none.
 */
export function planShards(blockCount: number, members: readonly Pick<Member, 'member'>[]): Shard[] {
  if (!Number.isSafeInteger(blockCount) || blockCount < 0)
    throw new RangeError(`the number of blocks is ${blockCount}; it must be a whole number of at least 0`);
  if (members.length === 0) throw new RangeError('shards need at least one member');
  const share = Math.floor(blockCount / members.length);
  const larger = blockCount % members.length;
  let firstBlock = 0;
  return members.map(({ member }, position) => {
    const shard = { member, firstBlock, blockCount: share + (position < larger ? 1 : 0) };
    firstBlock += shard.blockCount;
    return shard;
  });
}

import type { BlockGroup } from './exchange-options.js';

/**
 * The groups of an exchange; by default one of all blocks.
 *
 * @throws RangeError where they do not cover all blocks in order, one is empty, or two have one name.
 */
export function blockGroups(groups: readonly BlockGroup[] | undefined, blockCount: number): readonly BlockGroup[] {
  if (groups === undefined) return [{ name: 'all', firstBlock: 0, blockCount }];
  let next = 0;
  const names = new Set<string>();
  for (const { name, firstBlock, blockCount: count } of groups) {
    if (firstBlock !== next || !(count > 0))
      throw new RangeError(
        `group "${name}" has ${count} blocks from block ${firstBlock} on; it must begin at block ${next}`,
      );
    if (names.has(name)) throw new RangeError(`two groups of blocks are named "${name}"`);
    names.add(name);
    next += count;
  }
  if (next !== blockCount) throw new RangeError(`the groups cover ${next} of ${blockCount} blocks`);
  return groups.map(({ name, firstBlock, blockCount: count }) => ({ name, firstBlock, blockCount: count }));
}

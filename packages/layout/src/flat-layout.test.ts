import { describe, expect, it } from 'vitest';
import { type DeclaredParameter, flatLayout, groupBlocks, viewOf } from './flat-layout.js';
import { decayedRanges } from './weight-decay.js';

const grouped: readonly DeclaredParameter[] = [
  { name: 'embedding', shape: [3, 3], group: 'embedding' },
  { name: 'a', shape: [2, 2], group: 'layer 0' },
  { name: 'b', shape: [4], group: 'layer 0' },
  { name: 'c', shape: [5, 3], group: 'layer 1' },
];

describe('flatLayout', () => {
  it('puts parameters side by side where there are no groups', () => {
    const plain = flatLayout(
      grouped.map(({ name, shape }) => ({ name, shape })),
      8,
    );
    expect(plain.entries.map(({ offset }) => offset)).toEqual([0, 9, 13, 17]);
    expect([plain.elements, plain.groups]).toEqual([32, []]);
  });

  it('starts every group on a multiple of the alignment, and covers all blocks with groups', () => {
    const layout = flatLayout(grouped, 8);
    expect(layout.entries.map(({ offset }) => offset)).toEqual([0, 16, 20, 24]);
    expect(layout.elements).toBe(39);
    expect(groupBlocks(layout, 8)).toEqual([
      { name: 'embedding', firstBlock: 0, blockCount: 2 },
      { name: 'layer 0', firstBlock: 2, blockCount: 1 },
      { name: 'layer 1', firstBlock: 3, blockCount: 2 },
    ]);
    // Ranges do not cross the padding.
    expect(decayedRanges(layout)).toEqual([
      { offset: 16, size: 4 },
      { offset: 24, size: 15 },
    ]);
    expect(viewOf(layout, new Float32Array(39).fill(1), 'c')).toHaveLength(15);
    expect(() => groupBlocks(flatLayout(grouped, 2), 8)).toThrow(/"layer 0" starts within a block, at element 10/);
  });

  it('refuses groups that come back, parameters without one, and names that stand twice', () => {
    const [embedding, a, b] = grouped as [DeclaredParameter, DeclaredParameter, DeclaredParameter];
    expect(() => flatLayout([a, embedding, b])).toThrow(/"b" is not beside the others of group "layer 0"/);
    expect(() => flatLayout([a, { name: 'x', shape: [] }])).toThrow(/"x" differs from the first/);
    expect(() => flatLayout([a, a])).toThrow(/"a" is declared twice/);
  });
});

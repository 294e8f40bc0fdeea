import { stripVTControlCharacters } from 'node:util';
import type { ConflictsDocument, PairConflictsDocument } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { conflictsLine, conflictsTable } from './conflicts-table.js';

const pair = (task: string, other: string, cosines: readonly (number | null)[], steps = 40): PairConflictsDocument => {
  const known = cosines.filter((cosine) => cosine !== null);
  const whole = known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0) / known.length;
  return {
    ...{ task, other, steps, meanCosine: whole, minCosine: known.length === 0 ? null : Math.min(...known) },
    conflictShare: known.length === 0 ? null : known.filter((each) => each < 0).length / known.length,
    over: cosines.map((cosine) => ({
      ...{ steps: cosine === null ? 0 : 10, meanCosine: cosine, minCosine: cosine },
      conflictShare: cosine === null ? null : cosine < 0 ? 1 : 0,
    })),
  };
};
const document = (pairs: readonly PairConflictsDocument[], count = 4): ConflictsDocument => ({
  ...{ run: 'words-abc', groups: ['all'], group: null, from: 1, to: 10 * count, steps: 10 * count },
  buckets: Array.from({ length: count }, (_, index) => ({ from: index * 10 + 1, to: index * 10 + 10 })),
  pairs,
});
const plain = (text: string) => stripVTControlCharacters(text).split('\n');

describe('the table of conflicts', () => {
  it('draws each stretch below or above zero, and names the worst', () => {
    const lines = plain(
      conflictsTable(
        document([pair('spell', 'stress', [0.1, 0.4, 0, null]), pair('pronounce', 'stress', [-0.1, -0.4, 0.3, 0.21])]),
      ),
    );
    expect(lines[0]).toBe('Run words-abc: gradients of all shared parameters, 40 recorded steps from 1 to 40');
    expect(lines[3]).toMatch(/^ +pronounce \/ stress +0\.002 +50\.0% +▃▁▇▇ +-0\.400 at 11-20$/);
    expect(lines[4]).toMatch(/^ +spell \/ stress +0\.167 +0\.0% +▆█▅· +0\.000 at 21-30$/);
  });

  it('stays within 100 columns however long the names are, and shows 20 pairs at most', () => {
    const name = (letter: string) => letter.repeat(64);
    const pairs = Array.from({ length: 25 }, (_, index) =>
      pair(name('a'), name(String.fromCharCode(98 + index)), Array(20).fill(-0.5), index),
    );
    const lines = plain(conflictsTable(document(pairs, 20)));
    const rows = lines.filter((line) => line.includes('aaa'));
    expect(rows).toHaveLength(20);
    for (const row of rows) expect([...row].length).toBeLessThanOrEqual(100);
    expect(lines).toContain('… and 5 more pairs; --json has them all');
  });

  it('has nothing to say of pairs that never met', () => {
    const lines = plain(conflictsTable(document([pair('a', 'b', [null, null], 0), pair('a', 'c', [0, 0])], 2)));
    expect(lines[4]).toMatch(/^ +a \/ b +0 +··$/);
  });
});

describe('the line of a report', () => {
  it('names the pair in conflict most often', () => {
    const line = conflictsLine(
      document([pair('a', 'b', [0.5, -0.1, 0.5, 0.5]), pair('a', 'c', [0.5, -0.1, -0.2, 0.5])]),
    );
    expect(line).toBe(
      'Conflicts: a and c in 50.0% of steps (mean cosine 0.175); all pairs: npx tributary runs conflicts words-abc',
    );
  });

  it('is left out where no two tasks ever were in conflict', () => {
    expect(conflictsLine(document([pair('a', 'b', [0.5, 0, 0.5, 0.5])]))).toBeNull();
    expect(conflictsLine(document([pair('a', 'b', [null, null])]))).toBeNull();
    expect(conflictsLine(document([]))).toBeNull();
  });
});

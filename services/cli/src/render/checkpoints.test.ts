import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { checkpointTable, pruneText, verificationText } from './checkpoints.js';

const run = 'words-abcdefgh';
const plain = (text: string) => stripVTControlCharacters(text).split('\n');

it('lists checkpoints, a copied one as the parent’s', () => {
  const common = { stateHash: 'f'.repeat(64), sizeBytes: 1_572_864, committedAt: '2026-11-24T17:00:00.000Z', files: 5 };
  const lines = plain(
    checkpointTable({
      run,
      checkpoints: [
        { ...common, step: 60, attempt: 2, neededBy: 'the newest' },
        { ...common, step: 40, attempt: 0, neededBy: null },
      ],
    }),
  );
  expect(lines[1]).toMatch(/^ +60 +2 +5 +1\.5 MiB .* f{16} +the newest$/);
  expect(lines[2]).toMatch(/^ +40 +parent +5 /);
  expect(checkpointTable({ run, checkpoints: [] })).toBe('Run words-abcdefgh has no checkpoint yet');
});

describe('verificationText', () => {
  const file = (name: string, problem: string | null) => ({
    name,
    key: `checkpoints/${name}`,
    sizeBytes: 512,
    problem,
  });
  const result = { run, step: 40, stateHash: 'a'.repeat(64) };
  it('is one line for a whole checkpoint', () => {
    const files = [file('manifest', null), file('shared', null)];
    expect(plain(verificationText({ ...result, intact: true, files }))).toEqual([
      'Step 40 intact: 2 files, 1.0 KiB, state aaaaaaaaaaaaaaaa',
    ]);
  });
  it('names every damaged file', () => {
    const files = [
      file('manifest', null),
      file('shared', 'is damaged (checkpoints/shared)'),
      file('lane-0', 'is gone'),
    ];
    expect(plain(verificationText({ ...result, intact: false, files }))).toEqual([
      'Step 40 damaged: 2 of 3 files',
      '  shared: is damaged (checkpoints/shared)',
      '  lane-0: is gone (checkpoints/lane-0)',
    ]);
  });
});

it('says what was pruned, would be, and stays', () => {
  const reply = {
    ...{ run, deleted: [40, 20].map((step) => ({ step, sizeBytes: 512 })) },
    kept: [{ step: 60, reason: 'the newest' }],
  };
  expect(plain(pruneText({ ...reply, dryRun: true }))).toEqual([
    'Run words-abcdefgh: would delete the checkpoints of steps 20, 40 (1.0 KiB)',
    '  step 60 stays: the newest',
    'Nothing was deleted; do it without --dry-run',
  ]);
  expect(plain(pruneText({ ...reply, dryRun: false }))[0]).toBe(
    'Run words-abcdefgh: deleted the checkpoints of steps 20, 40 (1.0 KiB)',
  );
  expect(plain(pruneText({ ...reply, deleted: [], dryRun: true }))[0]).toBe('Run words-abcdefgh: nothing to delete');
});

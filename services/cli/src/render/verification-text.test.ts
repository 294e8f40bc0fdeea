import { stripVTControlCharacters } from 'node:util';
import type { VerificationDocument } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { ledgerTable } from './ledger-table.js';
import { StatusLine } from './status-line.js';
import { progressOf, verificationText } from './verification-text.js';

const plain = (document: VerificationDocument): string => stripVTControlCharacters(verificationText(document));

const equal: VerificationDocument = {
  run: 'fast-1',
  from: 4,
  to: 8,
  worker: 'a',
  equal: true,
  hashes: 5,
  hashedSteps: 1,
  ledgerSteps: 12,
  parts: { total: 0, first: [] },
  ledger: { total: 0, first: [] },
};

it('says that a stretch is equal, and what was compared', () => {
  expect(plain(equal)).toBe(
    'equal: Run fast-1, steps 5 to 8 on worker a; compared 5 state hashes at 1 step and 12 entries of the ledger',
  );
  expect(plain({ ...equal, ledgerSteps: 0 })).toMatch(/5 state hashes at 1 step$/);
});

it('names the first step and part that differ, and the batches', () => {
  const text = plain({
    ...equal,
    equal: false,
    parts: {
      total: 30,
      first: [{ step: 6, part: 'task-spell', recorded: 'a'.repeat(64), replayed: 'b'.repeat(64) }],
    },
    ledger: {
      total: 1,
      first: [{ step: 5, lane: 1, recorded: 'epoch 0, position 8, 1 microbatch', replayed: 'none' }],
    },
  });
  expect(text).toContain('different: Run fast-1');
  expect(text).toContain('The first that differs is part task-spell after step 6.');
  expect(text).toMatch(/6 +task-spell +a{16} +b{16}\n/);
  expect(text).toContain('… and 29 more');
  expect(text).toMatch(/5 +1 +epoch 0, position 8, 1 microbatch +none/);
});

it('says how far a verification is', () => {
  const at = (phase: Parameters<typeof progressOf>[0]['phase'], step: number) =>
    progressOf({ kind: 'progress', worker: 'b', phase, step }, { from: 4, to: 8 });
  expect(at('waiting', 4)).toBe('worker b verifies another stretch first');
  expect(at('restoring', 4)).toBe('worker b loads the checkpoint of step 4');
  expect(at('training', 6)).toBe('worker b: step 6 of 5 to 8');
});

it('prints a line on every new phase and now and then, or rewrites it on a terminal', () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) > 0 };
  const plain = new StatusLine(stream as never);
  plain.show('one', 'a', 0);
  plain.show('two', 'a', 100);
  plain.show('three', 'b', 200);
  plain.show('four', 'b', 6_000);
  plain.end();
  expect(written).toEqual(['one\n', 'three\n', 'four\n']);
  written.length = 0;
  const live = new StatusLine({ ...stream, isTTY: true } as never);
  live.show('one', 'a', 0);
  live.say('done');
  expect(written.join('')).toBe('\r\u001b[2Kone\r\u001b[2Kdone\n');
});

it('shows the ledger and how to go on', () => {
  const entry = { step: 1, lane: 0, generation: 1, epoch: 0, position: 8, microbatches: 1 };
  const text = ledgerTable(
    {
      run: 'fast-1',
      entries: [entry],
      snapshots: [{ step: 1, part: 'shared', generation: 2, stateHash: 'c'.repeat(64) }],
      next: 2,
    },
    9,
  );
  expect(text).toContain('position');
  expect(text).toContain('c'.repeat(64));
  expect(text).toContain('npx tributary runs ledger fast-1 --from 2 --to 9');
  expect(ledgerTable({ run: 'fast-1', entries: [], snapshots: [], next: null })).toContain('nothing in its ledger');
});

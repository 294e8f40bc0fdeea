import { expect, it } from 'vitest';
import { passesMultiple } from './due.js';
import { ledgerOf } from './ledger.js';

it('finds the first end of an exchange at or after each multiple', () => {
  const due = (every: number, taken: number): number[] =>
    Array.from({ length: 20 / taken }, (_, index) => (index + 1) * taken).filter((step) =>
      passesMultiple(every, step - taken, step),
    );
  expect(due(5, 1)).toEqual([5, 10, 15, 20]);
  expect(due(5, 2)).toEqual([6, 10, 16, 20]);
  expect(due(1, 4)).toEqual([4, 8, 12, 16, 20]);
});

it('writes down the batches of a step by where the cursors stood before it', () => {
  const cursors = new Map([[2, { epoch: 1, position: 16 }]]);
  const shares = [
    { lane: 0, microbatches: 2 },
    { lane: 2, microbatches: 1 },
  ];
  expect(ledgerOf(7, shares, cursors)).toEqual([
    { step: 7, lane: 0, epoch: 0, position: 0, microbatches: 2 },
    { step: 7, lane: 2, epoch: 1, position: 16, microbatches: 1 },
  ]);
});

import type { LedgerStep } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { Comparison } from './comparison.js';

const order = ['shared', 'task-spell', 'lane-0'];
const recorded = [
  { step: 4, part: 'lane-0', stateHash: 'a' },
  { step: 4, part: 'shared', stateHash: 'b' },
  { step: 8, part: 'task-spell', stateHash: 'c' },
];
const entry = (step: number, lane: number, position = 8 * step): LedgerStep => ({
  step,
  lane,
  epoch: 0,
  position,
  microbatches: 1,
});

it('finds equal what is equal, however often it was recorded or told', () => {
  const comparison = new Comparison([...recorded, ...recorded], order);
  comparison.hashes({ step: 8, parts: [{ part: 'task-spell', stateHash: 'c' }] });
  comparison.hashes({ step: 6, parts: [{ part: 'shared', stateHash: 'never recorded' }] });
  for (const stateHash of ['b', 'b'])
    comparison.hashes({
      step: 4,
      parts: [
        { part: 'lane-0', stateHash: 'a' },
        { part: 'shared', stateHash },
      ],
    });
  comparison.ledger([entry(1, 0), entry(1, 1)], [entry(1, 1), entry(1, 0)]);
  expect(comparison.result()).toEqual({
    equal: true,
    hashes: 3,
    hashedSteps: 2,
    ledgerSteps: 2,
    parts: { total: 0, first: [] },
    ledger: { total: 0, first: [] },
  });
});

it('names the earliest step first, and its parts in the order of a checkpoint', () => {
  const comparison = new Comparison(recorded, order);
  comparison.hashes({ step: 8, parts: [{ part: 'task-spell', stateHash: 'x' }] });
  comparison.hashes({
    step: 4,
    parts: [
      { part: 'lane-0', stateHash: 'y' },
      { part: 'shared', stateHash: 'z' },
    ],
  });
  const { equal, parts } = comparison.result();
  expect(equal).toBe(false);
  expect(parts.first).toEqual([
    { step: 4, part: 'shared', recorded: 'b', replayed: 'z' },
    { step: 4, part: 'lane-0', recorded: 'a', replayed: 'y' },
    { step: 8, part: 'task-spell', recorded: 'c', replayed: 'x' },
  ]);
});

it('does not take for equal what was not computed, nor two records of one part that differ', () => {
  expect(new Comparison(recorded, order).result().parts.first[0]).toMatchObject({ step: 4, replayed: 'none' });
  const comparison = new Comparison(
    [{ step: 4, part: 'shared', stateHash: 'b' }, { ...recorded[1], stateHash: 'q' } as never],
    order,
  );
  comparison.hashes({ step: 4, parts: [{ part: 'shared', stateHash: 'b' }] });
  expect(comparison.result()).toMatchObject({ equal: false, parts: { total: 1, first: [{ recorded: 'q' }] } });
});

it('finds a lane that read other batches, took no part, or took part unrecorded', () => {
  const comparison = new Comparison([], order);
  comparison.ledger([entry(1, 0), entry(1, 1)], [entry(1, 0, 9), entry(1, 2)]);
  const { equal, ledger } = comparison.result();
  expect(equal).toBe(false);
  const position = (value: number) => `epoch 0, position ${value}, 1 microbatch`;
  expect(ledger).toEqual({
    total: 3,
    first: [
      { step: 1, lane: 0, recorded: position(8), replayed: position(9) },
      { step: 1, lane: 1, recorded: position(8), replayed: 'none' },
      { step: 1, lane: 2, recorded: 'none', replayed: position(8) },
    ],
  });
});

it('shows no more than twenty of each, and counts all', () => {
  const many = Array.from({ length: 50 }, (_, index) => ({ step: index + 1, part: 'shared', stateHash: 'a' }));
  const comparison = new Comparison(many, order);
  comparison.ledger(
    [],
    many.map(({ step }) => entry(step, 0)),
  );
  const { parts, ledger } = comparison.result();
  expect([parts.total, parts.first.length, ledger.total, ledger.first.length]).toEqual([50, 20, 50, 20]);
});

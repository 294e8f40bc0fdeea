import { runFileSchema } from '@tributary/config';
import type { LedgerStep, RunId, RunRecord } from '@tributary/protocol';
import { beforeEach, expect, it } from 'vitest';
import { createRun, divergencesOf, ledgerOf, snapshotHashesOf, writeRecords } from './index.js';
import { testDatabase } from './test-database.fixture.js';

const spec = runFileSchema.parse({
  experiment: 'ledger',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' }, replicas: 2 }],
  budget: { steps: 1 },
});

const { db } = await testDatabase();
let run: RunId;
let serial = 0;

beforeEach(async () => {
  serial += 1;
  run = `ledger-${serial}` as RunId;
  await createRun(db, { run, experiment: 'ledger', spec, files: {} });
});

const entry = (step: number, lane: number, changes: Partial<LedgerStep> = {}): LedgerStep => ({
  step,
  lane,
  epoch: 0,
  position: 8 * step,
  microbatches: 1,
  ...changes,
});
const ledger = (steps: readonly LedgerStep[], generation = 1): RunRecord => ({
  run,
  attempt: 1,
  generation,
  member: 0,
  kind: 'ledger',
  steps,
});
const hashOf = (digit: string): string => digit.repeat(64);
const snapshot = (step: number, parts: Record<string, string>, generation = 1, member = 0): RunRecord => ({
  run,
  attempt: 1,
  generation,
  member,
  kind: 'snapshot',
  step,
  parts: Object.entries(parts).map(([part, stateHash]) => ({ part, stateHash })),
});

it('keeps each step of each lane once, with the generation that did it first', async () => {
  const first = ledger([entry(2, 1), entry(1, 0), entry(1, 1), entry(2, 0)]);
  expect(await writeRecords(db, [first])).toMatchObject({ inserted: 4, duplicates: 0, diverged: [] });
  const redone = ledger([entry(2, 0), entry(2, 1), entry(3, 0)], 2);
  expect(await writeRecords(db, [first, redone])).toMatchObject({ inserted: 1, duplicates: 6, diverged: [] });
  const row = (step: number, lane: number, generation: number) => ({ ...entry(step, lane), generation });
  expect(await ledgerOf(db, run)).toStrictEqual([row(1, 0, 1), row(1, 1, 1), row(2, 0, 1), row(2, 1, 1), row(3, 0, 2)]);
});

it('gives whole steps by the page', async () => {
  await writeRecords(db, [ledger([1, 2, 5, 6].flatMap((step) => [entry(step, 0), entry(step, 1)]))]);
  const stepsOf = async (options: Parameters<typeof ledgerOf>[2]) =>
    (await ledgerOf(db, run, options)).map(({ step, lane }) => `${step}.${lane}`);
  expect(await stepsOf({ from: 2, to: 5 })).toEqual(['2.0', '2.1', '5.0', '5.1']);
  expect(await stepsOf({ from: 2, steps: 2 })).toEqual(['2.0', '2.1', '5.0', '5.1']);
  expect(await stepsOf({ from: 3, to: 5, steps: 9 })).toEqual(['5.0', '5.1']);
  expect(await stepsOf({ from: 7, steps: 2 })).toEqual([]);
  expect(await ledgerOf(db, 'no-such-run')).toEqual([]);
});

it('tells of a lane that read other batches when its step was done again', async () => {
  await writeRecords(db, [ledger([entry(1, 0), entry(1, 1), entry(2, 0)])]);
  const redone = ledger([entry(1, 0, { position: 9 }), entry(1, 1, { microbatches: 2 }), entry(2, 0)], 2);
  const { diverged } = await writeRecords(db, [redone]);
  const base = { run, step: 1, generation: 2, attempt: 1 };
  expect(diverged).toStrictEqual([
    { ...base, subject: 'lane:0', series: 'ledger.position', recorded: 8, redone: 9 },
    { ...base, subject: 'lane:1', series: 'ledger.microbatches', recorded: 1, redone: 2 },
  ]);
  expect(await divergencesOf(db, run)).toMatchObject([
    { recorded: '1', redone: '2' },
    { recorded: '8', redone: '9' },
  ]);
  expect((await ledgerOf(db, run))[0]).toMatchObject({ position: 8, generation: 1 });
});

it('keeps the state hash of each part of a snapshot once', async () => {
  const batch = [
    snapshot(25, { shared: hashOf('a'), 'lane-0': hashOf('b') }),
    snapshot(25, { shared: hashOf('a'), 'lane-1': hashOf('c') }, 1, 1),
  ];
  expect(await writeRecords(db, batch)).toMatchObject({ inserted: 3, duplicates: 1, diverged: [] });
  await writeRecords(db, [snapshot(25, { shared: hashOf('a') }, 2), snapshot(50, { shared: hashOf('d') }, 2)]);
  expect(await snapshotHashesOf(db, run)).toStrictEqual([
    { step: 25, part: 'lane-0', generation: 1, stateHash: hashOf('b') },
    { step: 25, part: 'lane-1', generation: 1, stateHash: hashOf('c') },
    { step: 25, part: 'shared', generation: 1, stateHash: hashOf('a') },
    { step: 50, part: 'shared', generation: 2, stateHash: hashOf('d') },
  ]);
  expect(await snapshotHashesOf(db, run, { from: 26, to: 50 })).toHaveLength(1);
});

it('tells of a snapshot that differs when done again, and of two members whose shared states differ', async () => {
  await writeRecords(db, [snapshot(25, { shared: hashOf('a') })]);
  const again = await writeRecords(db, [snapshot(25, { shared: hashOf('b') }, 2)]);
  const base = { run, subject: 'run', series: 'snapshot_hash.shared', attempt: 1 };
  expect(again.diverged).toStrictEqual([
    { ...base, step: 25, generation: 2, recorded: hashOf('a'), redone: hashOf('b') },
  ]);
  const apart = await writeRecords(db, [
    snapshot(50, { shared: hashOf('c') }, 2),
    snapshot(50, { shared: hashOf('d') }, 2, 1),
  ]);
  expect(apart.diverged).toMatchObject([{ step: 50, recorded: hashOf('c'), redone: hashOf('d') }]);
  expect(await divergencesOf(db, run)).toHaveLength(2);
});

it('drops the ledger of unknown runs, and goes with a run that is deleted', async () => {
  const gone = { ...ledger([entry(1, 0)]), run: 'gone' as RunId };
  const hashes = { ...snapshot(25, { shared: hashOf('a') }), run: 'gone' as RunId };
  expect(await writeRecords(db, [gone, hashes])).toMatchObject({ inserted: 0, unknown: 2 });
  await writeRecords(db, [ledger([entry(1, 0)]), snapshot(25, { shared: hashOf('a') })]);
  await db.deleteFrom('runs').where('run', '=', run).execute();
  expect([await ledgerOf(db, run), await snapshotHashesOf(db, run)]).toEqual([[], []]);
});

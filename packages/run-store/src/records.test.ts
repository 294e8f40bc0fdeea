import { runFileSchema } from '@tributary/config';
import type { Point, RunId, RunRecord, TaskName, TimingPoint } from '@tributary/protocol';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  countDivergences,
  createRun,
  divergencesOf,
  history,
  isTransientDatabaseError,
  lineageOf,
  membersEnded,
  openDatabase,
  requireRun,
  samplesOf,
  seriesSummaries,
  writeRecords,
} from './index.js';
import { testDatabase } from './test-database.fixture.js';

const spec = runFileSchema.parse({
  experiment: 'records',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 1 },
});

const { db, url } = await testDatabase();
let run: RunId;
let serial = 0;

beforeEach(async () => {
  serial += 1;
  run = `records-${serial}` as RunId;
  await createRun(db, { run, experiment: 'records', spec, files: {} });
});

const loss = (step: number, value: number): Point => ({ subject: 'task:spell', series: 'train.loss', step, value });
const pointsOf = (points: readonly Point[], timings: readonly TimingPoint[] = [], generation = 1): RunRecord => ({
  run,
  attempt: 1,
  generation,
  member: 0,
  kind: 'points',
  points,
  timings,
  tokens: 0,
});
const none = { inserted: 0, duplicates: 0, unknown: 0, unknownRuns: [], diverged: [] };

describe('writing records', () => {
  it('writes nothing of nothing', async () => {
    expect(await writeRecords(db, [])).toEqual(none);
  });

  it('keeps every float64, and counts a repeated batch as duplicates', async () => {
    const values = [0.1 + 0.2, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, 1e308];
    const batch = [pointsOf(values.map((value, index) => loss(index + 1, value)))];
    expect(await writeRecords(db, batch)).toEqual({ ...none, inserted: 7 });
    expect(await writeRecords(db, batch)).toEqual({ ...none, duplicates: 7 });
    expect((await history(db, run, 'task:spell', 'train.loss')).map(({ value }) => value)).toStrictEqual(values);
    expect(await seriesSummaries(db, run)).toStrictEqual([
      {
        subject: 'task:spell',
        series: 'train.loss',
        kind: 'point',
        count: 7,
        firstStep: 1,
        lastStep: 7,
        last: 1e308,
        min: Number.NEGATIVE_INFINITY,
        max: Number.POSITIVE_INFINITY,
      },
    ]);
    expect((await requireRun(db, run)).step).toBe(7);
    expect(await history(db, run, 'task:spell', 'train.loss', { afterStep: 5, limit: 1 })).toEqual([
      { step: 6, value: 5e-324 },
    ]);
    expect(await history(db, run, 'run', 'none')).toEqual([]);
  });

  it('keeps summaries right when steps come in any order', async () => {
    await writeRecords(db, [pointsOf([loss(5, 2), loss(6, 9)])]);
    await writeRecords(db, [pointsOf([loss(1, 7), loss(2, -1), loss(5, 2)])]);
    expect(await seriesSummaries(db, run)).toMatchObject([
      { count: 4, firstStep: 1, lastStep: 6, last: 9, min: -1, max: 9 },
    ]);
    await writeRecords(db, [pointsOf([loss(7, Number.NaN)])]);
    expect(await seriesSummaries(db, run)).toMatchObject([
      { count: 5, lastStep: 7, last: Number.NaN, min: -1, max: 9 },
    ]);
  });

  it('keeps the first of two differing values and tells of the other', async () => {
    await writeRecords(db, [pointsOf([loss(1, 0.5), loss(2, Number.NaN), loss(3, 0)])]);
    const redone = pointsOf([loss(1, 0.5000000000000001), loss(2, Number.NaN), loss(3, -0), loss(4, 1)], [], 2);
    const result = await writeRecords(db, [redone]);
    expect(result).toMatchObject({ inserted: 1, duplicates: 3 });
    const base = { run, subject: 'task:spell', series: 'train.loss', generation: 2, attempt: 1 };
    expect(result.diverged).toStrictEqual([
      { ...base, step: 1, recorded: 0.5, redone: 0.5000000000000001 },
      { ...base, step: 3, recorded: 0, redone: -0 },
    ]);
    await writeRecords(db, [redone]);
    expect(await divergencesOf(db, run)).toMatchObject([
      { step: 1, recorded: '0.5', redone: '0.5000000000000001', generation: 2 },
      { step: 3, recorded: '0', redone: '-0' },
    ]);
    expect(await divergencesOf(db, run, 1)).toMatchObject([{ step: 1 }]);
    expect(await countDivergences(db, run)).toBe(2);
    expect(await countDivergences(db, 'no-such-run')).toBe(0);
    expect((await history(db, run, 'task:spell', 'train.loss'))[0]).toEqual({ step: 1, value: 0.5 });
  });

  it('finds two differing values in one batch', async () => {
    const result = await writeRecords(db, [
      pointsOf([loss(1, 1)]),
      pointsOf([loss(1, 2)], [], 2),
      pointsOf([loss(1, 1)], [], 3),
    ]);
    expect(result).toMatchObject({ inserted: 1, duplicates: 2, diverged: [{ recorded: 1, redone: 2, generation: 2 }] });
  });

  it('lets timings differ by generation', async () => {
    const took = (generation: number, value: number): TimingPoint => ({
      subject: 'run',
      series: 'step_seconds',
      step: 1,
      value,
      generation,
    });
    const result = await writeRecords(db, [
      pointsOf([], [took(1, 0.5)]),
      pointsOf([], [took(2, 0.25), took(1, 0.125)], 2),
    ]);
    expect(result).toEqual({ ...none, inserted: 2, duplicates: 1 });
    expect(await history(db, run, 'run', 'step_seconds', { kind: 'timing' })).toEqual([{ step: 1, value: 0.25 }]);
    expect(await seriesSummaries(db, run)).toMatchObject([{ kind: 'timing', count: 2, min: 0.25, max: 0.5 }]);
  });

  it('keeps samples, lineage and member ends once', async () => {
    const base = { run, attempt: 1, generation: 3, member: 1 };
    const nasty = 'tab\tline\nback\\slash \\N \u0000 \ud800 ü 😀 "quoted"';
    const batch: RunRecord[] = [
      {
        ...base,
        kind: 'samples',
        step: 10,
        samples: [{ task: 'spell' as TaskName, index: 0, source: nasty, generated: '', references: [nasty, '\\N'] }],
      },
      { ...base, kind: 'lineage', entries: { node: 'v20', 'package.x': '1' } },
      { ...base, kind: 'member-end', step: 10, outcome: 'finished' },
    ];
    expect(await writeRecords(db, batch)).toEqual({ ...none, inserted: 4 });
    expect(await writeRecords(db, batch)).toEqual({ ...none, duplicates: 4 });
    const kept = 'tab\tline\nback\\slash \\N \u2400 \ufffd ü 😀 "quoted"';
    expect(await samplesOf(db, run)).toEqual([
      { step: 10, task: 'spell', index: 0, source: kept, generated: '', references: [kept, '\\N'] },
    ]);
    expect(await lineageOf(db, run)).toMatchObject([
      { generation: 3, member: 1, key: 'node', value: 'v20' },
      { key: 'package.x', value: '1' },
    ]);
    expect(await membersEnded(db, run, 3)).toEqual([
      { generation: 3, member: 1, attempt: 1, step: 10, outcome: 'finished' },
    ]);
    expect(await membersEnded(db, run, 2)).toEqual([]);
    expect((await requireRun(db, run)).step).toBe(10);
  });

  it('drops and counts records of unknown runs, and keeps the others', async () => {
    const other = { ...pointsOf([loss(1, 1), loss(2, 1)]), run: 'gone' as RunId };
    const result = await writeRecords(db, [other, pointsOf([loss(1, 1)])]);
    expect(result).toEqual({ ...none, inserted: 1, unknown: 2, unknownRuns: ['gone'] });
    expect(await db.selectFrom('series').selectAll().where('run', '=', 'gone').execute()).toEqual([]);
  });

  it('writes a batch whole or not at all, and its connection is fit for the next', async () => {
    const boom = new Error('boom');
    const failing = writeRecords(db, [pointsOf([loss(1, 1)])], {
      afterCopy: () => {
        throw boom;
      },
    });
    await expect(failing).rejects.toBe(boom);
    expect(await seriesSummaries(db, run)).toEqual([]);
    expect(await writeRecords(db, [pointsOf([loss(1, 1)])])).toMatchObject({ inserted: 1 });
  });

  it('reports a lost connection as worth another try', async () => {
    const failing = writeRecords(db, [pointsOf([loss(1, 1)])], {
      afterCopy: async () => {
        const admin = openDatabase(url);
        await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
          admin,
        );
        await admin.destroy();
      },
    });
    const error = await failing.catch((caught: unknown) => caught);
    expect(isTransientDatabaseError(error), String(error)).toBe(true);
    expect(await writeRecords(db, [pointsOf([loss(1, 1)])])).toMatchObject({ inserted: 1 });
  });

  it('serves writers at once without a deadlock, each point once', async () => {
    const series = ['a', 'b', 'c', 'd'];
    const batch = (names: string[]) =>
      pointsOf(names.flatMap((name) => [3, 1, 2].map((step) => ({ ...loss(step, step), series: name }))));
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) => writeRecords(db, [batch(index % 2 ? series : series.toReversed())])),
    );
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(12);
    expect(await seriesSummaries(db, run)).toMatchObject(series.map(() => ({ count: 3, last: 3, min: 1, max: 3 })));
  });

  it('takes a large batch', async () => {
    const points = Array.from({ length: 20_000 }, (_, index) => ({
      ...loss(Math.floor(index / 10), index),
      series: `s${index % 10}`,
    }));
    expect(await writeRecords(db, [pointsOf(points)])).toMatchObject({ inserted: 20_000 });
  });
});

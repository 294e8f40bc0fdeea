import { parseFilter, parseOrder } from '@tributary/filter';
import type { RunId } from '@tributary/protocol';
import {
  attemptsOf,
  changeTags,
  conflicts,
  downsampledHistory,
  endsOf,
  exportHistoryCsv,
  exportJsonLines,
  exportParquet,
  findRun,
  forksOf,
  giveUpRuns,
  history,
  ledgerOf,
  lineageOf,
  listCheckpoints,
  openDatabase,
  paramsOf,
  purgeRun,
  type RunDatabase,
  requireMetric,
  runsGivenUp,
  samplesOf,
  searchRuns,
  seriesSummaries,
  setArchived,
  setNote,
  stepsAwaitedFrom,
  tagsOf,
  tasksOf,
  unknownRuns,
  writeRecords,
} from '@tributary/run-store';
import { type TemporaryDatabase, temporaryDatabase } from '@tributary/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CapturedQueries } from './support/captured-queries.js';
import { fillHistory, longMetric, longRun, madeRun } from './support/made-history.js';

/** 200,001 runs, 600,001 series, 4.8 + 1 million points: with more metrics a run, the same indexes are longer, not deeper. */
const size = { runs: 200_000, metrics: 3, points: 7, longPoints: 1_000_000 };

/** Far above what an idle machine takes, far below what reading a whole table would. */
const boundMs = 2_500;

let database: TemporaryDatabase;
let db: RunDatabase;
let captured: CapturedQueries;
const took: string[] = [];

beforeAll(async () => {
  database = await temporaryDatabase();
  db = openDatabase(database.url, { maxConnections: 2 });
  captured = new CapturedQueries(db);
  const began = performance.now();
  await fillHistory(db, size);
  took.push(`filled in ${Math.round((performance.now() - began) / 1_000)} s`);
  const { rows } = await sql<{ points: number }>`select count(*) as points from points`.execute(db);
  expect(rows[0]?.points).toBe(size.runs * size.metrics * size.points + size.longPoints);
}, 600_000);

afterAll(async () => {
  console.info(`History at scale, median milliseconds:\n  ${took.join('\n  ')}`);
  await db?.destroy();
  await database?.drop();
});

const bigTables = /^(runs|run_params|run_tags|series|points|timings|attempts|tasks)(_\d+)?$/;
/** Every statement that reads: those of transactions and locks have no plan. */
const planned = /^\s*(with|select|insert|update|delete)\b/i;
const run = madeRun(123_456) as RunId;

/** Runs work three times, keeps the median time, and looks at the plan of each of its statements. */
async function check(name: string, work: () => Promise<unknown>, limitMs = boundMs): Promise<void> {
  await work();
  captured.take();
  const times: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  const median = times.sort((a, b) => a - b)[1] ?? 0;
  took.push(`${name} ${median.toFixed(1)}`);
  const queries = new Map(captured.take().map((query) => [query.text, query]));
  for (const query of queries.values()) {
    if (!planned.test(query.text)) continue;
    const scans = await captured.sequentialScans(query, (table) => bigTables.test(table));
    expect(scans, `${name}: ${query.text}`).toEqual([]);
  }
  expect(median, name).toBeLessThan(limitMs);
}

it('takes so many bytes a row, indexes included', async () => {
  const { rows } = await sql<{ name: string; heap: number; indexes: number; rows: number }>`
    select regexp_replace(c.relname, '_[0-9]+$', '') as name, sum(pg_table_size(c.oid))::float8 as heap,
      sum(pg_indexes_size(c.oid))::float8 as indexes, sum(c.reltuples)::float8 as rows
    from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.reltuples > 1000 group by 1 order by 1`.execute(
    db,
  );
  for (const { name, heap, indexes, rows: count } of rows)
    took.push(`${name} ${Math.round(heap / count)} + ${Math.round(indexes / count)} bytes a row`);
  const points = rows.find(({ name }) => name === 'points');
  // A billion points are under 110 GB.
  expect(((points?.heap ?? 0) + (points?.indexes ?? 0)) / (points?.rows ?? 1)).toBeLessThan(110);
});

describe('among 200,000 runs', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['find a run', () => findRun(db, run)],
    ['its tasks', () => tasksOf(db, run)],
    ['its attempts', () => attemptsOf(db, run)],
    ['its summaries', () => seriesSummaries(db, run)],
    ['its parameters', () => paramsOf(db, run)],
    ['its tags', () => tagsOf(db, run)],
    ['its samples', () => samplesOf(db, run)],
    ['its lineage', () => lineageOf(db, run)],
    ['its checkpoints', () => listCheckpoints(db, run)],
    ['its ledger', () => ledgerOf(db, run, { from: 0, to: 100, steps: 10 })],
    ['its conflicts', () => conflicts(db, run).catch(() => 'it has none')],
    ['its forks', () => forksOf(db, run)],
    ['who awaits it', () => stepsAwaitedFrom(db, run)],
    ['a metric', async () => downsampledHistory(db, await requireMetric(db, run, 'spell.train.loss'), 320)],
    ['a whole series', () => history(db, run, 'task:spell', 'train.loss')],
    ['a tag is set', () => changeTags(db, run, { set: { purpose: 'scale' } })],
    ['a note is set', () => setNote(db, run, 'scale')],
    ['archive', async () => [await setArchived(db, [run], true), await setArchived(db, [run], false)]],
    [
      'unknown of 100 runs',
      () =>
        unknownRuns(
          db,
          Array.from({ length: 100 }, (_, index) => madeRun(index * 1_000)),
        ),
    ],
    ['runs to purge', () => runsGivenUp(db, 10)],
  ])('%s', async (name, work) => {
    await check(name, work, 500);
  });

  it('a batch of records', async () => {
    let step = 1_000;
    const metrics = ['train.loss', 'validation.loss', 'weight', 'a', 'b'];
    const batch = () => {
      step += 100;
      const points = metrics.flatMap((series) =>
        Array.from({ length: 100 }, (_, index) => ({
          subject: 'task:spell' as const,
          series,
          step: step + index,
          value: 1,
        })),
      );
      const base = { run, attempt: 1, generation: 1, member: 0, tokens: 0, timings: [] } as const;
      return writeRecords(db, [{ ...base, kind: 'points', points }]);
    };
    const began = performance.now();
    for (let turn = 0; turn < 5; turn += 1) await batch();
    const each = (performance.now() - began) / 5;
    took.push(`write 500 points ${each.toFixed(1)}`);
    expect(each).toBeLessThan(boundMs);
    captured.take();
  });
});

describe('a search', () => {
  const page = (filter: string | null, order: string | null) => () =>
    searchRuns(db, {
      limit: 50,
      ...(filter === null ? {} : { filter: parseFilter(filter) }),
      ...(order === null ? {} : { order: parseOrder(order) }),
    });

  it.each<[string, string | null, string | null]>([
    ['first page', null, null],
    ['by start', null, 'started DESC'],
    ['by end', null, 'ended DESC'],
    ['one experiment', "experiment = 'scale7'", null],
    ['by state', "status = 'FAILED'", null],
    ['by metric', 'metrics."spell.train.loss" < 0.001', null],
    ['by metric and parameter', 'metrics."spell.train.loss" < 0.3 and params.model.encoder.hidden = 256', null],
    [
      'by a rare metric and parameter',
      'metrics."spell.train.loss" < 0.0005 and params.model.encoder.hidden = 256',
      null,
    ],
    ['by a parameter of one run', 'params.seed = 123456', null],
    ['by tag', "tags.owner = 'person17'", null],
    ['by prefix of a tag', "tags.owner LIKE 'person17%'", null],
    ['in order of a metric', null, 'metrics."spell.train.loss" ASC'],
    ['in order of the best', 'params.model.encoder.hidden = 256', 'best(spell.train.loss) ASC'],
    ['by name', `run_id = '${madeRun(5)}'`, null],
  ])('%s', async (name, filter, order) => {
    await check(name, page(filter, order));
  });

  it('a deep page', async () => {
    let token: string | null = null;
    for (let turn = 0; turn < 20; turn += 1) {
      const found: Awaited<ReturnType<typeof searchRuns>> = await searchRuns(db, {
        limit: 1_000,
        ...(token === null ? {} : { page: token }),
      });
      token = found.next;
    }
    const deep = token;
    expect(deep).not.toBeNull();
    await check('page after 20,000 runs', () => searchRuns(db, { limit: 50, page: deep as string }));
  });
});

describe('a million points', () => {
  it('become 320', async () => {
    const series = await requireMetric(db, longRun, longMetric);
    let kept = 0;
    await check(
      'thin to 320 points',
      async () => {
        kept = (await downsampledHistory(db, series, 320)).length;
      },
      10_000,
    );
    expect(kept).toBeGreaterThan(128);
    expect(kept).toBeLessThanOrEqual(320);
    expect(await endsOf(db, series)).toEqual({ first: Math.sin(0.001), last: 0 });
  });

  it('leave in constant memory', async () => {
    const before = process.memoryUsage().rss;
    let peak = before;
    const began = performance.now();
    for (const stream of [
      exportHistoryCsv(db, await requireMetric(db, longRun, longMetric)),
      exportJsonLines(db, [longRun]),
      exportParquet(db, 'points', [longRun]),
    ]) {
      let bytes = 0;
      for await (const chunk of stream) {
        bytes += (chunk as Buffer).length;
        peak = Math.max(peak, process.memoryUsage().rss);
      }
      expect(bytes).toBeGreaterThan(5_000_000);
    }
    took.push(
      `three exports of them ${Math.round(performance.now() - began)}, over ${Math.round((peak - before) / 2 ** 20)} MiB`,
    );
    // A row group of Parquet is what is held at most, and what the collector has not taken yet.
    expect(peak - before).toBeLessThan(256 * 2 ** 20);
  });

  it('are purged in constant memory', async () => {
    await giveUpRuns(db, [longRun]);
    const before = process.memoryUsage().rss;
    const began = performance.now();
    let batches = 0;
    const none = { list: async () => [], delete: async () => undefined };
    expect(
      await purgeRun(db, none, longRun, {
        onBatch: () => {
          batches += 1;
        },
      }),
    ).toBe(true);
    took.push(`purge them ${Math.round(performance.now() - began)}`);
    expect(batches).toBeGreaterThan(size.longPoints / 20_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    const { rows } = await sql<{
      left: number;
    }>`select count(*) as left from points where series_id = ${size.runs * size.metrics + 1}`.execute(db);
    expect(rows[0]?.left).toBe(0);
  });
});

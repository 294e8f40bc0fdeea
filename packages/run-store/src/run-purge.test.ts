import { spawn } from 'node:child_process';
import { runFileSchema } from '@tributary/config';
import type { RunId } from '@tributary/protocol';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import {
  createRun,
  findRun,
  forksOf,
  giveUpRuns,
  purgeRun,
  runsGivenUp,
  searchRuns,
  startAttempt,
  writeRecords,
} from './index.js';
import { recordedRun } from './recorded-run.fixture.js';
import { testDatabase } from './test-database.fixture.js';

const { db, url } = await testDatabase();
const noObjects = { list: async () => [], delete: async () => undefined };
const spec = runFileSchema.parse({
  experiment: 'purge',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 100 },
});

/** Rows of every table, partitions counted with their parents. */
async function rowsByTable(): Promise<Record<string, number>> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace and relname not like 'kysely%'
    order by 1`.execute(db);
  const counts: Record<string, number> = {};
  for (const { name } of rows) {
    const count = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(db);
    if (count.rows[0]?.n) counts[name] = count.rows[0].n;
  }
  return counts;
}

describe('a run that is given up', () => {
  it('leaves nothing behind, in bounded batches, and other runs alone', async () => {
    await recordedRun(db, 'purge-stays');
    const before = await rowsByTable();
    const run = await recordedRun(db, 'purge-goes');
    expect(await giveUpRuns(db, [run])).toEqual([run]);
    expect(await giveUpRuns(db, [run])).toEqual([]);
    expect(await runsGivenUp(db, 10)).toEqual([run]);
    const batches: number[] = [];
    const objects = new Set([
      `checkpoints/${run}/000000001/manifest.json`,
      'checkpoints/purge-stays/000000001/manifest.json',
    ]);
    const store = {
      list: async (prefix: string) => [...objects].filter((key) => key.startsWith(prefix)),
      delete: async (key: string) => void objects.delete(key),
    };
    const onBatch = (rows: number) => void batches.push(rows);
    expect(await purgeRun(db, store, run, { batchRows: 100, onBatch })).toBe(true);
    expect(await rowsByTable()).toEqual(before);
    expect([...objects]).toEqual(['checkpoints/purge-stays/000000001/manifest.json']);
    expect(batches.length).toBeGreaterThan(30);
    // A series' own row goes with its last points.
    expect(Math.max(...batches)).toBeLessThan(110);
    expect(await purgeRun(db, store, run)).toBe(true);
  });

  it('is found by nobody, and nothing is written to it', async () => {
    const run = await recordedRun(db, 'purge-hidden', 10);
    await giveUpRuns(db, [run]);
    expect(await findRun(db, run)).toBeNull();
    const { runs } = await searchRuns(db, { limit: 100 });
    expect(runs.map((row) => row.run)).not.toContain(run);
    expect(await forksOf(db, 'long-gone')).not.toContainEqual(expect.objectContaining({ run }));
    await expect(startAttempt(db, run)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    const point = { subject: 'run', series: 'late', step: 1, value: 1 } as const;
    const record = { run, attempt: 1, generation: 1, member: 0, kind: 'points', tokens: 0, timings: [] } as const;
    expect(await writeRecords(db, [{ ...record, points: [point] }])).toMatchObject({ inserted: 0, unknown: 1 });
    await purgeRun(db, noObjects, run);
  });

  it('goes on where a purge was killed', async () => {
    const run = await recordedRun(db, 'purge-killed', 30_000);
    await giveUpRuns(db, [run]);
    const points = async () => (await sql<{ n: number }>`select count(*) as n from points`.execute(db)).rows[0]?.n ?? 0;
    const before = await points();
    const script = `
      import { openDatabase, purgeRun } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      const none = { list: async () => [], delete: async () => undefined };
      let batches = 0;
      await purgeRun(openDatabase(process.argv[1]), none, ${JSON.stringify(run)}, {
        batchRows: 1000,
        onBatch: () => { batches += 1; if (batches === 5) process.kill(process.pid, 'SIGKILL'); },
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, url], { stdio: 'inherit' });
    const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    expect(signal).toBe('SIGKILL');
    const left = await points();
    expect(left).toBeLessThanOrEqual(before - 4_000);
    expect(left).toBeGreaterThan(before - 10_000);
    expect(await runsGivenUp(db, 10)).toContain(run);
    expect(await purgeRun(db, noObjects, run)).toBe(true);
    expect(await runsGivenUp(db, 10)).not.toContain(run);
    expect(await db.selectFrom('series').select('id').where('run', '=', run).execute()).toEqual([]);
  });

  it('is purged once by two that work at the same time', async () => {
    const run = await recordedRun(db, 'purge-twice', 5_000);
    await giveUpRuns(db, [run]);
    const options = { batchRows: 200 };
    expect(await Promise.all([1, 2].map(() => purgeRun(db, noObjects, run, options)))).toEqual([true, true]);
    expect(await db.selectFrom('runs').select('run').where('run', '=', run).execute()).toEqual([]);
  });

  it('stops between batches when it is told to', async () => {
    const run = await recordedRun(db, 'purge-stopped', 5_000);
    await giveUpRuns(db, [run]);
    const stop = new AbortController();
    const options = { batchRows: 200, signal: stop.signal, onBatch: () => stop.abort() };
    expect(await purgeRun(db, noObjects, run, options)).toBe(false);
    expect(await runsGivenUp(db, 10)).toContain(run);
    expect(await purgeRun(db, noObjects, run)).toBe(true);
  });
});

describe('a run that is needed', () => {
  it('is refused while it is not at rest, and all others of the request with it', async () => {
    const rests = await recordedRun(db, 'purge-rests', 10);
    const active = 'purge-active' as RunId;
    await createRun(db, { run: active, experiment: 'purge', spec, files: {} });
    await expect(giveUpRuns(db, [rests, active])).rejects.toMatchObject({
      code: 'RUN_STATE_CONFLICT',
      message: expect.stringContaining('purge-active is queued'),
    });
    await expect(giveUpRuns(db, [rests, 'none'])).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await findRun(db, rests)).not.toBeNull();
  });

  it('is refused while a queued run is to begin with its checkpoint', async () => {
    const source = await recordedRun(db, 'purge-source', 10);
    const waiting = 'purge-waiting' as RunId;
    const from = { ...spec, init: { from: { run: source, step: 7 }, map: [], strict: false } };
    await createRun(db, { run: waiting, experiment: 'purge', spec: from, files: {} });
    await expect(giveUpRuns(db, [source])).rejects.toMatchObject({
      code: 'RUN_STATE_CONFLICT',
      message: expect.stringContaining('purge-waiting is queued and begins with its checkpoint of step 7'),
    });
    await db.updateTable('runs').set({ state: 'cancelled' }).where('run', '=', waiting).execute();
    expect(await giveUpRuns(db, [source])).toEqual([source]);
  });
});

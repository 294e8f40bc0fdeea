import { runFileSchema } from '@tributary/config';
import type { RunId } from '@tributary/protocol';
import { emptyDatabase } from '@tributary/testing';
import { Migrator, sql } from 'kysely';
import { expect, it } from 'vitest';
import { history, migrateToLatest, openDatabase, paramsOf, writeRecords } from './index.js';
import { migrations } from './migrations.js';

const spec = runFileSchema.parse({
  experiment: 'old',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' }, weight: 0.25 }],
  optimizer: { kind: 'adam', learningRate: 1e-8 },
  budget: { steps: 100 },
});

it('keeps points that lie beyond the first partition, and fills in parameters and names of metrics', async () => {
  const database = await emptyDatabase();
  const db = openDatabase(database.url);
  try {
    const { error } = await new Migrator({
      db,
      provider: { getMigrations: async () => ({ ...migrations }) },
    }).migrateTo('0004-ledger');
    expect(error).toBeUndefined();
    await sql`insert into runs (run, experiment, state, spec, files) values ('old-1', 'old', 'running', ${JSON.stringify(spec)}, '{}')`.execute(
      db,
    );
    await sql`
      insert into series (id, run, subject, series, kind, count, first_step, last_step) overriding system value values
        (7, 'old-1', 'task:spell', 'train.loss', 'point', 2, 1, 2), (3000000, 'old-1', 'run', 'grad_norm', 'point', 1, 1, 1),
        (3000001, 'old-1', 'run', 'step_seconds', 'timing', 1, 1, 1), (3000002, 'old-1', 'lane:0', 'train.loss', 'point', 0, null, null)`.execute(
      db,
    );
    await sql`select setval('series_id_seq', 3000002)`.execute(db);
    await sql`insert into points values (7, 1, 0.5), (7, 2, 'NaN'), (3000000, 1, 3)`.execute(db);
    await sql`insert into timings values (3000001, 1, 1, 0.125)`.execute(db);

    expect(await migrateToLatest(db)).toContain('0005-history');

    const run = 'old-1' as RunId;
    expect(await history(db, run, 'task:spell', 'train.loss')).toEqual([
      { step: 1, value: 0.5 },
      { step: 2, value: Number.NaN },
    ]);
    const point = { subject: 'run', series: 'grad_norm', step: 2, value: 4 } as const;
    const timing = { subject: 'run', series: 'data_seconds', step: 2, value: 1, generation: 1 } as const;
    const record = { run, attempt: 1, generation: 1, member: 0, kind: 'points', tokens: 0 } as const;
    expect(await writeRecords(db, [{ ...record, points: [point], timings: [timing] }])).toMatchObject({ inserted: 2 });
    expect(await history(db, run, 'run', 'grad_norm')).toEqual([
      { step: 1, value: 3 },
      { step: 2, value: 4 },
    ]);
    expect(await history(db, run, 'run', 'step_seconds', { kind: 'timing' })).toEqual([{ step: 1, value: 0.125 }]);
    const { rows: names } = await sql<{ metric: string | null }>`select metric from series order by id`.execute(db);
    expect(names.map(({ metric }) => metric)).toEqual([
      'spell.train.loss',
      'grad_norm',
      'step_seconds',
      null,
      'data_seconds',
    ]);
    expect(await paramsOf(db, run)).toMatchObject({
      'tasks.spell.weight': '0.25',
      'optimizer.learningRate': '1e-8',
      'tasks.spell.metrics': '["token_accuracy","token_error_rate","word_error_rate"]',
    });
    const { rows: parts } = await sql<{ name: string }>`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'points'::regclass order by 1`.execute(
      db,
    );
    expect(parts.map(({ name }) => name)).toEqual(['points_2', 'points_3']);
  } finally {
    await db.destroy();
    await database.drop();
  }
});

it('makes a partition ahead of the ids, also with several writers at once, and uses up no id for a series that is there', async () => {
  const database = await emptyDatabase();
  const dbs = [1, 2, 3, 4].map(() => openDatabase(database.url));
  const [db] = dbs;
  try {
    if (!db) throw new Error('no database');
    await migrateToLatest(db);
    await sql`select setval('series_id_seq', 2000000)`.execute(db);
    await sql`insert into runs (run, experiment, state, spec, files) values ('new-1', 'new', 'running', ${JSON.stringify(spec)}, '{}')`.execute(
      db,
    );
    const run = 'new-1' as RunId;
    const written = (step: number) =>
      ({
        ...{ run, attempt: 1, generation: 1, member: 0, tokens: 0, timings: [] },
        kind: 'points',
        points: [{ subject: 'run', series: 'grad_norm', step, value: step }],
      }) as const;
    await Promise.all(dbs.map((each, index) => writeRecords(each, [written(index + 1)])));
    const { rows } = await sql<{ parts: string[] }>`
      select array_agg(distinct tableoid::regclass::text) as parts from points`.execute(db);
    expect(rows[0]?.parts).toEqual(['points_1']);
    const next = await sql<{ ready: boolean }>`select to_regclass('points_2') is not null as ready`.execute(db);
    expect(next.rows[0]?.ready).toBe(true);
    const lastId = async () =>
      (await sql<{ id: number }>`select last_value as id from series_id_seq`.execute(db)).rows[0]?.id;
    const before = await lastId();
    for (const step of [5, 6, 7]) await writeRecords(db, [written(step)]);
    expect(await lastId()).toBe(before);
  } finally {
    await Promise.all(dbs.map((each) => each.destroy()));
    await database.drop();
  }
});

it('sees the partition that another session made while it waited for that one', async () => {
  const database = await emptyDatabase();
  const [first, second] = [openDatabase(database.url), openDatabase(database.url)];
  try {
    await migrateToLatest(first);
    const reserve = (id: number) => sql`select reserve_series(${sql.lit(id)})`;
    // A session that runs the function for the first time looks at every catalogue afresh.
    await reserve(2_000_000).execute(second);
    const maker = await first.startTransaction().execute();
    await reserve(3_000_000).execute(maker);
    const waiting = reserve(3_000_000).execute(second);
    const blocked = async (): Promise<number> =>
      (await sql`select from pg_locks where locktype = 'advisory' and not granted`.execute(first)).rows.length;
    await expect.poll(blocked).toBe(1);
    await maker.commit().execute();
    await waiting;
    const { rows } = await sql<{ name: string }>`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'points'::regclass order by 1`.execute(
      first,
    );
    expect(rows.map(({ name }) => name)).toEqual(['points_0', 'points_1', 'points_2', 'points_3']);
  } finally {
    await first.destroy();
    await second.destroy();
    await database.drop();
  }
});

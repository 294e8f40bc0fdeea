import type pg from 'pg';
import type { DivergedPoint } from './diverged-point.js';
import { insertLedger, insertLedgerDivergences } from './ledger-writing.js';
import { insertMatrices, insertMatrixDivergences } from './matrix-writing.js';
import { insertSnapshotHashDivergences, insertSnapshotHashes } from './snapshot-hash-writing.js';

export interface WriteResult {
  /** Points, matrices, ledger steps, snapshot hashes, timings, samples, lineage entries and member ends that were new. */
  readonly inserted: number;
  /** Those that were there already. */
  readonly duplicates: number;
  /** Those of unknown runs, dropped. */
  readonly unknown: number;
  readonly unknownRuns: readonly string[];
  readonly diverged: readonly DivergedPoint[];
}

/** Where a test may end the process. */
export interface WriteFaults {
  readonly afterCopy?: () => Promise<void> | void;
}

/** Moves what is staged into the tables, inside the open transaction. Rows go in key order, so two writers cannot deadlock. */
export async function applyStagedRecords(client: pg.PoolClient): Promise<WriteResult> {
  await client.query('select reserve_series()');
  const unknownRuns = await dropUnknownRuns(client);
  const { rows: staged } = await client.query<{ count: number }>(countStaged);
  const points = await insertPoints(client);
  const matrices = await insertMatrices(client);
  const ledger = await insertLedger(client);
  const hashes = await insertSnapshotHashes(client);
  const timings = await count(client, insertTimings);
  const samples = await count(client, insertSamples);
  const lineage = await count(client, insertLineage);
  const ends = await count(client, insertMemberEnds);
  await client.query(advanceRuns);
  const inserted = points + matrices + ledger + hashes + timings + samples + lineage + ends;
  const diverged = [
    ...(await insertPointDivergences(client, points)),
    ...(await insertMatrixDivergences(client)),
    ...(await insertLedgerDivergences(client)),
    ...(await insertSnapshotHashDivergences(client)),
  ];
  return {
    inserted,
    duplicates: (staged[0]?.count ?? 0) - inserted,
    unknown: unknownRuns.dropped,
    unknownRuns: unknownRuns.runs,
    diverged,
  };
}

const stagedTables = [
  'staged_points',
  'staged_matrices',
  'staged_ledger',
  'staged_snapshot_hashes',
  'staged_samples',
  'staged_lineage',
  'staged_member_ends',
] as const;

const countStaged = `select ${stagedTables.map((table) => `(select count(*) from ${table})`).join(' + ')} as count`;

/** The lock keeps a run from being purged under the batch. */
async function dropUnknownRuns(client: pg.PoolClient): Promise<{ dropped: number; runs: string[] }> {
  const { rows } = await client.query<{ run: string }>(`
    with known as (
      select run from runs where run in (select run from staged_runs) and deleted_at is null order by run for key share
    )
    delete from staged_runs where run in (select run from known) returning run`);
  void rows;
  const { rows: unknown } = await client.query<{ run: string }>('select run from staged_runs order by run');
  let dropped = 0;
  if (unknown.length > 0)
    for (const table of stagedTables) {
      const result = await client.query(`delete from ${table} where run in (select run from staged_runs)`);
      dropped += result.rowCount ?? 0;
    }
  return { dropped, runs: unknown.map((row) => row.run) };
}

async function count(client: pg.PoolClient, text: string): Promise<number> {
  return (await client.query(text)).rowCount ?? 0;
}

/** Asks for those that are missing first: each row that ON CONFLICT turns away would use up an id, and partitions are made by id. */
const insertSeries = `
insert into series (run, subject, series, kind)
select distinct run, subject, series, kind from staged_points staged
where not exists (
  select from series known
  where known.run = staged.run and known.subject = staged.subject and known.series = staged.series and known.kind = staged.kind
)
order by run, subject, series, kind
on conflict do nothing`;

/** Summaries count new rows only; NaN is neither least nor greatest, but it can be last. */
const insertPointRows = `
with staged as (
  select distinct on (series.id, staged.step) series.id, staged.step, staged.value
  from staged_points staged join series using (run, subject, series, kind)
  where kind = 'point'
  order by series.id, staged.step, staged.ord
), fresh as (
  insert into points (series_id, step, value) select id, step, value from staged order by id, step
  on conflict do nothing
  returning series_id, step, value
), summary as (
  select series_id, count(*) as count, min(step) as first_step, max(step) as last_step,
    (array_agg(value order by step desc))[1] as last,
    min(value) filter (where value <> 'NaN') as min, max(value) filter (where value <> 'NaN') as max
  from fresh group by series_id
), updated as (
  update series set
    count = series.count + summary.count,
    first_step = least(series.first_step, summary.first_step),
    last_step = greatest(series.last_step, summary.last_step),
    last = case when series.last_step is null or summary.last_step > series.last_step then summary.last else series.last end,
    min = least(series.min, summary.min),
    max = greatest(series.max, summary.max)
  from summary where series.id = summary.series_id
  returning 1
)
select count(*) as count from fresh`;

async function insertPoints(client: pg.PoolClient): Promise<number> {
  await client.query(insertSeries);
  const { rows } = await client.query<{ count: number }>(insertPointRows);
  return rows[0]?.count ?? 0;
}

const insertTimings = `
with staged as (
  select distinct on (series.id, staged.step, staged.generation) series.id, staged.step, staged.generation, staged.value
  from staged_points staged join series using (run, subject, series, kind)
  where kind = 'timing'
  order by series.id, staged.step, staged.generation, staged.ord
), fresh as (
  insert into timings (series_id, step, generation, value) select id, step, generation, value from staged
  order by id, step, generation
  on conflict do nothing
  returning series_id, step, generation, value
), summary as (
  select series_id, count(*) as count, min(step) as first_step, max(step) as last_step,
    (array_agg(value order by step desc, generation desc))[1] as last,
    min(value) filter (where value <> 'NaN') as min, max(value) filter (where value <> 'NaN') as max
  from fresh group by series_id
), updated as (
  update series set
    count = series.count + summary.count,
    first_step = least(series.first_step, summary.first_step),
    last_step = greatest(series.last_step, summary.last_step),
    last = case when series.last_step is null or summary.last_step >= series.last_step then summary.last else series.last end,
    min = least(series.min, summary.min),
    max = greatest(series.max, summary.max)
  from summary where series.id = summary.series_id
  returning 1
)
select from fresh`;

const insertSamples = `
insert into samples (run, step, task, index, source, generated, "references")
select distinct on (run, step, task, index) run, step, task, index, source, generated, "references"
from staged_samples order by run, step, task, index, ord
on conflict do nothing`;

const insertLineage = `
insert into lineage (run, attempt, generation, member, key, value)
select distinct on (run, attempt, generation, member, key) run, attempt, generation, member, key, value
from staged_lineage order by run, attempt, generation, member, key, ord
on conflict do nothing`;

const insertMemberEnds = `
insert into member_ends (run, generation, member, attempt, step, outcome)
select distinct on (run, generation, member) run, generation, member, attempt, step, outcome
from staged_member_ends order by run, generation, member, ord
on conflict do nothing`;

/** A member's end does not move a run whose later generation began before it: that trainer woke up late. */
const advanceRuns = `
with newest as (
  select run, max(step) as step from (
    select run, step from staged_points where kind = 'point'
    union all select run, step from staged_member_ends ends
    where not exists (
      select from generations later
      where later.run = ends.run and later.generation > ends.generation and later.resume_step < ends.step
    )
  ) steps group by run
), locked as (
  select runs.run, newest.step from runs join newest using (run) where newest.step > runs.step
  order by runs.run for no key update of runs
)
update runs set step = locked.step from locked where runs.run = locked.run and locked.step > runs.step`;

/** Where every point was new, none was redone. */
async function insertPointDivergences(client: pg.PoolClient, fresh: number): Promise<DivergedPoint[]> {
  const { rows } = await client.query<{ redone: boolean }>(
    `select count(*) > $1 as redone from staged_points where kind = 'point'`,
    [fresh],
  );
  if (rows[0]?.redone !== true) return [];
  return (await client.query<DivergedPoint>(insertDivergences)).rows;
}

/**
 * Bit for bit, except that one NaN is as good as another. LIMIT makes each stored value an index look-up: joined, the planner
 * may read the whole table for a large batch.
 */
const insertDivergences = `
with diverged as (
  select distinct on (staged.run, staged.subject, staged.series, staged.step, staged.generation)
    staged.run, staged.subject, staged.series, staged.step, staged.generation, staged.attempt,
    points.value as recorded, staged.value as redone
  from staged_points staged
  join series using (run, subject, series, kind)
  cross join lateral (
    select value from points where series_id = series.id and points.step = staged.step limit 1
  ) points
  where kind = 'point'
    and float8send(points.value) <> float8send(staged.value)
    and not (points.value = 'NaN' and staged.value = 'NaN')
  order by staged.run, staged.subject, staged.series, staged.step, staged.generation, staged.ord
), kept as (
  insert into divergences (run, subject, series, step, generation, attempt, recorded, redone)
  select run, subject, series, step, generation, attempt, recorded::text, redone::text from diverged
  on conflict do nothing
)
select * from diverged order by run, subject, series, step, generation`;

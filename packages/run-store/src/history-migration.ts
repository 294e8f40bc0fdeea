import type { RunFile } from '@tributary/config';
import { type Kysely, type Migration, sql } from 'kysely';
import { runParams } from './run-params.js';

/**
 * Series are numbered in the order in which they begin, so the points of the runs that train lie in the newest partition: its
 * index stays in memory, and older ones are vacuumed once. Attaching takes no lock that would hold up a reader, which
 * `create table … partition of` would.
 */
const partitions = `
create function reserve_series(through bigint default null) returns void language plpgsql as $$
declare
  -- One more than the one in use: whoever writes has a partition's worth of ids until the next must be there.
  part bigint := coalesce(through, (select last_value from series_id_seq)) / 1048576 + 1;
  known bigint := part;
begin
  if to_regclass('points_' || part) is not null then return; end if;
  perform pg_advisory_xact_lock(7301002);
  -- Not to_regclass: an advisory lock does not make a session forget names that it looked up in vain before another made them.
  while known >= 0 and not exists (
    select from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'points'::regclass and relname = 'points_' || known
  ) loop known := known - 1; end loop;
  for added in known + 1 .. part loop
    execute format('create table points_%s (like points including all)', added);
    execute format('create table timings_%s (like timings including all)', added);
    execute format('alter table points attach partition points_%s for values from (%s) to (%s)',
      added, added * 1048576, (added + 1) * 1048576);
    execute format('alter table timings attach partition timings_%s for values from (%s) to (%s)',
      added, added * 1048576, (added + 1) * 1048576);
  end loop;
end $$;

-- What was recorded so far becomes the first partition, as it stands.
do $$
declare
  part bigint := coalesce((select max(id) from series), 0) / 1048576;
begin
  execute format('alter table points rename to points_%s', part);
  execute format('alter table points_%1$s rename constraint points_pkey to points_%1$s_pkey', part);
  execute format('alter table timings rename to timings_%s', part);
  execute format('alter table timings_%1$s rename constraint timings_pkey to timings_%1$s_pkey', part);
  create table points (
    series_id bigint not null,
    step integer not null,
    value double precision not null,
    primary key (series_id, step)
  ) partition by range (series_id);
  create table timings (
    series_id bigint not null,
    step integer not null,
    generation integer not null,
    value double precision not null,
    primary key (series_id, step, generation)
  ) partition by range (series_id);
  execute format('alter table points attach partition points_%s for values from (minvalue) to (%s)',
    part, (part + 1) * 1048576);
  execute format('alter table timings attach partition timings_%s for values from (minvalue) to (%s)',
    part, (part + 1) * 1048576);
end $$;
select reserve_series();
`;

const tables = `
alter table runs
  add column note text,
  add column archived_at timestamptz(3),
  add column deleted_at timestamptz(3);
create index runs_started on runs (started_at, created_at, run) where started_at is not null;
create index runs_ended on runs (ended_at, created_at, run) where ended_at is not null;
create index runs_deleted on runs (deleted_at) where deleted_at is not null;

-- Collation "C": order and prefixes are the same on every machine, and LIKE 'a%' can use the index.
create table run_tags (
  run text not null references runs on delete cascade,
  key text collate "C" not null check (octet_length(key) between 1 and 250),
  value text collate "C" not null check (length(value) <= 500),
  primary key (run, key)
);
create index run_tags_value on run_tags (key, value, run);

create table run_params (
  run text not null references runs on delete cascade,
  key text collate "C" not null,
  value text collate "C" not null check (length(value) <= 500),
  number double precision,
  primary key (run, key)
);

-- Names of metrics as users write them; lanes have none.
alter table series add column metric text generated always as (
  case
    when subject = 'run' then series
    when subject like 'task:%' then substr(subject, 6) || '.' || series
  end
) stored;
create index series_run_metric on series (run, metric) include (last, min, max) where metric is not null;
create index series_metric_last on series (metric, last, run) where metric is not null;
create index series_metric_min on series (metric, min, run) where metric is not null;
create index series_metric_max on series (metric, max, run) where metric is not null;
`;

/** After the rows: an index is built faster over what is there. Without the run in them, equal values share one entry. */
const paramIndexes = `
create index run_params_number on run_params (key, number) where number is not null;
create index run_params_value on run_params (key, value);
`;

/** Tags, notes, parameters, archive and purge; points and timings in partitions; names of metrics. */
export const historyMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(tables).execute(db);
    await sql.raw(partitions).execute(db);
    await fillRunParams(db);
    await sql.raw(paramIndexes).execute(db);
  },
};

const runsAtOnce = 200;

async function fillRunParams(db: Kysely<unknown>): Promise<void> {
  let after = '';
  for (;;) {
    const { rows } = await sql<{ run: string; spec: RunFile }>`
      select run, spec from runs where run > ${after} order by run limit ${runsAtOnce}`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    const params = rows.flatMap(({ run, spec }) => runParams(spec).map((param) => ({ run, ...param })));
    await sql`
      insert into run_params (run, key, value, number)
      select * from unnest(
        ${params.map(({ run }) => run)}::text[], ${params.map(({ key }) => key)}::text[],
        ${params.map(({ value }) => value)}::text[], ${params.map(({ number }) => number)}::double precision[])`.execute(
      db,
    );
    after = last.run;
  }
}

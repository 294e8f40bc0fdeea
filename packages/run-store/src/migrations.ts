import { type Kysely, type Migration, sql } from 'kysely';
import { historyMigration } from './history-migration.js';

/** DDL as plain SQL, forward only: a migration that has been released is never edited. */
function statements(text: string): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await sql.raw(text).execute(db);
    },
  };
}

const tables = statements(`
create table runs (
  run text primary key,
  experiment text not null,
  state text not null check (state in ('queued','running','recovering','paused','finished','failed','cancelled')),
  reason text,
  attempt integer not null default 0,
  spec jsonb not null,
  files jsonb not null,
  prepared_key text,
  target_steps integer,
  step integer not null default 0,
  state_hash text,
  created_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  ended_at timestamptz(3)
);
create index runs_created on runs (created_at desc, run desc);
create index runs_experiment on runs (experiment, created_at desc, run desc);
create index runs_active on runs (state) where state in ('queued','running','recovering');

create table tasks (
  run text not null references runs on delete cascade,
  task text not null,
  position integer not null,
  replicas integer not null,
  weight double precision not null,
  primary key (run, task)
);

create table attempts (
  run text not null references runs on delete cascade,
  attempt integer not null,
  state text,
  reason text,
  started_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  primary key (run, attempt)
);

create table generations (
  run text not null references runs on delete cascade,
  generation integer not null,
  attempt integer not null,
  members jsonb not null,
  resume_step integer not null,
  reason text,
  outcome text,
  outcome_reason text,
  opened_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  primary key (run, generation)
);

create table workers (
  worker text primary key,
  host text not null,
  pid integer not null,
  incarnation text not null,
  sequence bigint not null,
  description jsonb not null,
  trainer jsonb,
  confirmed_dead jsonb not null default '{}',
  draining boolean not null default false,
  quarantined text,
  seen_at timestamptz(3) not null default now()
);

-- No reference to runs: a slot's lease must outlive a deleted run until its old trainer is confirmed dead.
create table leases (
  worker text primary key references workers,
  run text not null,
  generation integer,
  requested_at timestamptz(3) not null default now(),
  leased_at timestamptz(3) not null default now(),
  released_at timestamptz(3)
);
create index leases_run on leases (run);

create table lease_requests (
  run text primary key references runs on delete cascade,
  place bigint generated always as identity,
  min_workers integer not null,
  max_workers integer not null,
  requested_at timestamptz(3) not null default now(),
  asked_at timestamptz(3) not null default now()
);

create table series (
  id bigint generated always as identity primary key,
  run text not null references runs on delete cascade,
  subject text not null,
  series text not null,
  kind text not null check (kind in ('point','timing')),
  count bigint not null default 0,
  first_step integer,
  last_step integer,
  last double precision,
  min double precision,
  max double precision,
  unique (run, subject, series, kind)
);

-- Narrow, and without a foreign key: it can be partitioned by range of series_id, and purged in bounded batches.
create table points (
  series_id bigint not null,
  step integer not null,
  value double precision not null,
  primary key (series_id, step)
);

create table timings (
  series_id bigint not null,
  step integer not null,
  generation integer not null,
  value double precision not null,
  primary key (series_id, step, generation)
);

create table samples (
  run text not null references runs on delete cascade,
  step integer not null,
  task text not null,
  index integer not null,
  source text not null,
  generated text not null,
  "references" jsonb not null,
  primary key (run, step, task, index)
);

create table checkpoints (
  run text not null references runs on delete cascade,
  step integer not null,
  attempt integer not null,
  state_hash text not null,
  size_bytes bigint not null,
  manifest jsonb not null,
  committed_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (run, step)
);

create table checkpoint_parts (
  run text not null references runs on delete cascade,
  step integer not null,
  generation integer not null,
  part text not null,
  attempt integer not null,
  parts jsonb not null,
  key text not null,
  size_bytes bigint not null,
  sha256 text not null,
  state_hash text not null,
  primary key (run, step, generation, part)
);

create table lineage (
  run text not null references runs on delete cascade,
  attempt integer not null,
  generation integer not null,
  member integer not null,
  key text not null,
  value text not null,
  primary key (run, attempt, generation, member, key)
);

create table member_ends (
  run text not null references runs on delete cascade,
  generation integer not null,
  member integer not null,
  attempt integer not null,
  step integer not null,
  outcome text not null,
  primary key (run, generation, member)
);

create table divergences (
  run text not null references runs on delete cascade,
  subject text not null,
  series text not null,
  step integer not null,
  generation integer not null,
  attempt integer not null,
  recorded text not null,
  redone text not null,
  found_at timestamptz(3) not null default now(),
  primary key (run, subject, series, step, generation)
);
`);

const gramMatrices = statements(`
create table matrix_groups (
  id bigint generated always as identity primary key,
  run text not null references runs on delete cascade,
  name text not null,
  unique (run, name)
);

-- As points: narrow, without a foreign key. The columns' order leaves no padding between them; tasks is null where all took part.
create table gram_matrices (
  group_id bigint not null,
  step integer not null,
  tasks smallint[],
  gram double precision[] not null,
  coefficients double precision[] not null,
  primary key (group_id, step)
);
`);

const ledger = statements(`
-- A run's number keeps the rows of its ledger narrow.
create table ledger_runs (
  id integer generated always as identity primary key,
  run text not null unique references runs on delete cascade
);

-- As points: narrow, and without a foreign key.
create table ledger (
  run_id integer not null,
  step integer not null,
  lane integer not null,
  generation integer not null,
  epoch integer not null,
  "position" integer not null,
  microbatches integer not null,
  primary key (run_id, step, lane)
);

create table snapshot_hashes (
  run text not null references runs on delete cascade,
  step integer not null,
  part text not null,
  generation integer not null,
  state_hash bytea not null check (length(state_hash) = 32),
  primary key (run, step, part)
);

-- A run may be extended: its schedule is that of the attempt. Null: of an attempt that is older than this column.
alter table attempts add column target_steps integer;
`);

// No foreign key: a fork remembers its parent, whatever becomes of it.
const parents = statements(`
alter table runs
  add column parent text,
  add column parent_step integer,
  add constraint runs_parent_and_step check ((parent is null) = (parent_step is null));
create index runs_parent on runs (parent) where parent is not null;
`);

const runTime = statements(`
alter table generations
  add column waited_ms integer,
  add column recovery text,
  add column time jsonb;
`);

/** Every migration, by name; names sort in the order in which they are applied. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-tables': tables,
  '0002-gram-matrices': gramMatrices,
  '0003-parents': parents,
  '0004-ledger': ledger,
  '0005-history': historyMigration,
  '0006-run-time': runTime,
};

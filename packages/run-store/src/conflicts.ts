import { TributaryError } from '@tributary/protocol';
import { sql } from 'kysely';
import type { Db } from './database.js';
import { requireRun, tasksOf } from './runs.js';

export interface ConflictsOptions {
  /** One group of parameters; default: the whole shared gradient, which is the sum of all groups' matrices. */
  readonly group?: string;
  /** First and last step; default: all. */
  readonly from?: number;
  readonly to?: number;
  /** Equal stretches of steps; default {@link defaultConflictBuckets}, and never more than the steps that were recorded. */
  readonly buckets?: number;
}

export const defaultConflictBuckets = 24;

/** Of the steps at which both tasks took part with a gradient that is not zero; null where there is none. */
export interface PairStatistics {
  readonly steps: number;
  /** Of the angle between the tasks' shared gradients. */
  readonly meanCosine: number | null;
  readonly minCosine: number | null;
  /** Share of the steps with a negative cosine. */
  readonly conflictShare: number | null;
}

export interface PairConflicts extends PairStatistics {
  readonly task: string;
  /** Stands later in the run file. */
  readonly other: string;
  /** By bucket. */
  readonly over: readonly PairStatistics[];
}

export interface Conflicts {
  /** Every group that the run has. */
  readonly groups: readonly string[];
  /** The one that was asked for; null: all together. */
  readonly group: string | null;
  /** First and last recorded step of what was asked for. */
  readonly from: number;
  readonly to: number;
  /** Recorded steps from the first to the last. */
  readonly steps: number;
  /** First and last step of each. */
  readonly buckets: readonly { readonly from: number; readonly to: number }[];
  /** Every pair of the run's tasks, in its order. */
  readonly pairs: readonly PairConflicts[];
}

/**
 * Which tasks pull the shared parameters apart, and when: the cosines between their gradients, over a run and in stretches of it.
 * @throws TributaryError `RUN_NOT_FOUND`; `NOT_RECORDED` for a run of one task, without matrices, or without any at these steps;
 * `DATA_INVALID` for a group that the run does not have
 */
export async function conflicts(db: Db, run: string, options: ConflictsOptions = {}): Promise<Conflicts> {
  await requireRun(db, run);
  const tasks = (await tasksOf(db, run)).map(({ task }) => task);
  if (tasks.length === 1)
    throw new TributaryError(
      'NOT_RECORDED',
      `Run ${run} has the one task "${tasks[0]}", and conflicts are between tasks; ask for a run with several.`,
    );
  const groups = await db
    .selectFrom('matrixGroups')
    .select(['id', 'name'])
    .where('run', '=', run)
    .orderBy('id')
    .execute();
  const names = groups.map(({ name }) => name);
  const { group } = options;
  if (group !== undefined && groups.length > 0 && !names.includes(group))
    throw new TributaryError(
      'DATA_INVALID',
      `Run ${run} has no group "${group}"; it has ${names.join(', ')}: name one of them, or none for all together.`,
    );
  const ids = groups.filter(({ name }) => group === undefined || name === group).map(({ id }) => id);
  const { from, to, steps } = await recordedSteps(db, run, ids, options);
  const span = to - from + 1;
  const count = Math.min(options.buckets ?? defaultConflictBuckets, steps);
  const buckets = Array.from({ length: count }, (_, index) => ({
    from: from + Math.ceil((index * span) / count),
    to: from + Math.ceil(((index + 1) * span) / count) - 1,
  }));
  const rows = await pairRows(db, ids, { from, to, span, count });
  const found = new Map(rows.map(({ task, other, bucket, ...row }) => [`${task} ${other} ${bucket}`, row]));
  const statistics = (task: number, other: number, bucket: number | null): PairStatistics =>
    found.get(`${task} ${other} ${bucket}`) ?? nothing;
  const pairs = tasks.flatMap((task, place) =>
    tasks.slice(place + 1).map((other, distance): PairConflicts => {
      const otherPlace = place + 1 + distance;
      const over = buckets.map((_, bucket) => statistics(place, otherPlace, bucket));
      return { task, other, ...statistics(place, otherPlace, null), over };
    }),
  );
  return { groups: names, group: group ?? null, from, to, steps, buckets, pairs };
}

const nothing: PairStatistics = { steps: 0, meanCosine: null, minCosine: null, conflictShare: null };

async function recordedSteps(db: Db, run: string, ids: readonly number[], { from, to }: ConflictsOptions) {
  const recorded = async (first: number, last: number) => {
    const { rows } = await sql<{ from: number | null; to: number | null; steps: number }>`
      select min(step) as "from", max(step) as "to", ${ids.length === 1 ? sql`count(*)` : sql`count(distinct step)`} as steps
      from gram_matrices where group_id = any(${ids}) and step between ${first} and ${last}`.execute(db);
    return rows[0] ?? { from: null, to: null, steps: 0 };
  };
  const chosen = await recorded(from ?? 0, to ?? lastStep);
  if (chosen.from !== null && chosen.to !== null) return { from: chosen.from, to: chosen.to, steps: chosen.steps };
  const all = await recorded(0, lastStep);
  throw new TributaryError(
    'NOT_RECORDED',
    all.from === null
      ? `Run ${run} has no matrices of its tasks' gradients: it has done no step yet, or was trained by a version that kept none; train it on, or launch it again.`
      : `Run ${run} has no matrices from step ${from ?? 0} to ${to ?? 'its last'}; it has ${all.steps}, from step ${all.from} to ${all.to}.`,
  );
}

/** The largest int4. */
const lastStep = 0x7fffffff;

interface PairRow extends PairStatistics {
  readonly task: number;
  readonly other: number;
  /** Null: all of them. */
  readonly bucket: number | null;
}

/** `gram` is the upper triangle row by row: row i of P begins at i*P - i*(i-1)/2. SQL counts from 1. */
const at = (row: string, column: string) =>
  sql.raw(`gram[${row} * present - ${row} * (${row} - 1) / 2 + ${column} - ${row} + 1]`);

async function pairRows(
  db: Db,
  ids: readonly number[],
  {
    from,
    to,
    span,
    count,
  }: { readonly from: number; readonly to: number; readonly span: number; readonly count: number },
): Promise<readonly PairRow[]> {
  const products = sql`
    select step, coalesce(tasks[i + 1]::int, i) as task, coalesce(tasks[j + 1]::int, j) as other,
      ${at('i', 'j')} as dot, ${at('i', 'i')} as own, ${at('j', 'j')} as others
    from (
      select step, tasks, gram, cardinality(coefficients) as present
      from gram_matrices where group_id = any(${ids}) and step between ${from} and ${to}
    ) chosen, generate_series(0, present - 2) i, generate_series(i + 1, present - 1) j`;
  const whole =
    ids.length === 1
      ? products
      : sql`select step, task, other, sum(dot) as dot, sum(own) as own, sum(others) as others
          from (${products}) of_groups group by step, task, other`;
  // NaN is above infinity in Postgres: both comparisons leave it out. A rounded product may be a little above 1.
  const { rows } = await sql<PairRow>`
    select task, other, bucket, count(*) as steps, avg(cosine) as "meanCosine", min(cosine) as "minCosine",
      (count(*) filter (where cosine < 0))::float8 / count(*) as "conflictShare"
    from (
      select task, other, ((step - ${from}::bigint) * ${count}::bigint / ${span}::bigint)::int as bucket,
        case when abs(dot) >= norms then sign(dot) else dot / norms end as cosine
      from (select *, sqrt(own) * sqrt(others) as norms from (${whole}) whole
        where own > 0 and others > 0 and own < 'infinity' and others < 'infinity' and abs(dot) < 'infinity') finite
    ) cosines
    group by grouping sets ((task, other), (task, other, bucket))`.execute(db);
  return rows;
}

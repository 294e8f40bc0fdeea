import { sql } from 'kysely';
import { anyOf } from './any-of.js';
import type { Db } from './database.js';
import { columnValues } from './search/column-values.js';

/**
 * The last value of a metric. Pages have thousands, so numbers stay the text that Postgres gives: that of JSON and exact, but for
 * `NaN`, `Infinity` and `-Infinity`.
 */
export interface LastValue {
  readonly metric: string;
  readonly last: string;
  readonly lastStep: string;
}

/** What lists leave out of a run. */
export interface RunContents {
  readonly note: string | null;
  readonly parent: string | null;
  /** Of the code of its newest generation. */
  readonly commit: string | null;
  /** By name. */
  readonly metrics: readonly LastValue[];
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** The labels and last values of some runs, in a few queries however many they are. */
export async function contentsOf(db: Db, runs: readonly string[]): Promise<ReadonlyMap<string, RunContents>> {
  if (runs.length === 0) return new Map();
  const [attributes, metrics, params, tags] = await Promise.all([
    columnValues(
      db,
      runs,
      (['note', 'parent', 'commit'] as const).map((attribute) => ({ kind: 'attribute', attribute })),
    ),
    lastValues(db, runs),
    labels(db, 'runParams', runs),
    labels(db, 'runTags', runs),
  ]);
  return new Map(
    runs.map((run) => {
      const [note, parent, commit] = (attributes.get(run) ?? []) as readonly (string | null)[];
      return [
        run,
        {
          ...{ note: note ?? null, parent: parent ?? null, commit: commit ?? null },
          metrics: metrics.get(run) ?? [],
          params: params.get(run) ?? {},
          tags: tags.get(run) ?? {},
        },
      ];
    }),
  );
}

/** A row for each run and not for each metric: that is what costs, on both sides of the connection. */
async function lastValues(db: Db, runs: readonly string[]): Promise<Map<string, LastValue[]>> {
  const { rows } = await sql<Readonly<Record<'run' | 'metrics' | 'points' | 'lasts' | 'steps', string>>>`
    select named.run, own.* from unnest(${runs}::text[]) as named (run)
    cross join lateral (
      select json_agg(metric)::text as metrics, string_agg(case kind when 'point' then '1' else '0' end, '') as points,
        string_agg(last::text, ',') as lasts, string_agg(last_step::text, ',') as steps
      from (
        select metric, kind, last, last_step from series
        where series.run = named.run and metric is not null and last is not null and last_step is not null
        order by metric
      ) sorted
    ) own
    where own.metrics is not null`.execute(db);
  return new Map(
    rows.map(({ run, metrics, points, lasts, steps }) => {
      const [lastOf, stepOf] = [lasts.split(','), steps.split(',')];
      const values: LastValue[] = [];
      for (const [place, metric] of (JSON.parse(metrics) as string[]).entries()) {
        const value = { metric, last: lastOf[place] as string, lastStep: stepOf[place] as string };
        // Where a point and a timing have one name, the point.
        if (values.at(-1)?.metric !== metric) values.push(value);
        else if (points[place] === '1') values[values.length - 1] = value;
      }
      return [run, values];
    }),
  );
}

async function labels(db: Db, table: 'runParams' | 'runTags', runs: readonly string[]) {
  const rows = await db
    .selectFrom(table)
    .select(['run', 'key', 'value'])
    .where('run', '=', anyOf(runs))
    .orderBy('run')
    .orderBy('key')
    .execute();
  const entries = byRun(rows, ({ key, value }) => [key, value] as const);
  return new Map([...entries].map(([run, own]) => [run, Object.fromEntries(own)]));
}

function byRun<Row extends { readonly run: string }, Item>(
  rows: readonly Row[],
  itemOf: (row: Row) => Item,
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const row of rows) {
    const group = groups.get(row.run);
    if (group) group.push(itemOf(row));
    else groups.set(row.run, [itemOf(row)]);
  }
  return groups;
}

import type { Db } from './database.js';
import { columnValues } from './search/column-values.js';

/** What lists leave out of a run. */
export interface RunContents {
  readonly note: string | null;
  readonly parent: string | null;
  /** Of the code of its newest generation. */
  readonly commit: string | null;
  /** By name, NaN and infinities as they were recorded. */
  readonly metrics: readonly { readonly metric: string; readonly last: number; readonly lastStep: number }[];
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

async function lastValues(db: Db, runs: readonly string[]) {
  const rows = await db
    .selectFrom('series')
    .distinctOn(['run', 'metric'])
    .select(['run', 'metric', 'last', 'lastStep'])
    .where('run', 'in', runs)
    .where('metric', 'is not', null)
    .where('last', 'is not', null)
    .where('lastStep', 'is not', null)
    .$narrowType<{ metric: string; last: number; lastStep: number }>()
    .orderBy('run')
    .orderBy('metric')
    // Where a point and a timing have one name, the point.
    .orderBy('kind')
    .execute();
  return byRun(rows, ({ metric, last, lastStep }) => ({ metric, last, lastStep }));
}

async function labels(db: Db, table: 'runParams' | 'runTags', runs: readonly string[]) {
  const rows = await db
    .selectFrom(table)
    .select(['run', 'key', 'value'])
    .where('run', 'in', runs)
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

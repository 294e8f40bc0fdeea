import type { AttributeName, Field } from '@tributary/filter';
import { sql } from 'kysely';
import { anyOf } from '../any-of.js';
import type { Db } from '../database.js';
import { commitsOf } from '../history.js';
import { attributeColumns } from './condition-expression.js';

/** What a run has in a column; null: nothing. */
export type ColumnValue = number | string | boolean | Date | null;

/**
 * The values of these fields, by run, in the order of the fields: a few queries, however many runs and fields. Of a commit, that
 * of the newest generation.
 */
export async function columnValues(
  db: Db,
  runs: readonly string[],
  fields: readonly Field[],
): Promise<ReadonlyMap<string, readonly ColumnValue[]>> {
  const [metrics, params, tags, attributes, commits] = await Promise.all([
    metricsOf(db, runs, fields),
    labelsOf(db, 'runParams', runs, fields),
    labelsOf(db, 'runTags', runs, fields),
    attributesOf(db, runs, fields),
    commitsOf(db, fields.some(isCommit) ? runs : []),
  ]);
  const valueIn = (run: string, field: Field): ColumnValue => {
    switch (field.kind) {
      case 'metric':
        return metrics.get(keyOf(run, field.metric))?.[field.summary] ?? null;
      case 'param':
        return params.get(keyOf(run, field.key)) ?? null;
      case 'tag':
        return tags.get(keyOf(run, field.key)) ?? null;
      case 'attribute':
        return field.attribute === 'commit'
          ? (commits.get(run) ?? null)
          : (attributes.get(run)?.[field.attribute] ?? null);
    }
  };
  return new Map(runs.map((run) => [run, fields.map((field) => valueIn(run, field))]));
}

const keyOf = (run: string, key: string): string => `${run}\0${key}`;

async function metricsOf(db: Db, runs: readonly string[], fields: readonly Field[]) {
  const metrics = fields.flatMap((field) => (field.kind === 'metric' ? [field.metric] : []));
  if (runs.length === 0 || metrics.length === 0) return new Map<string, never>();
  const rows = await db
    .selectFrom('series')
    .select(['run', 'metric', 'last', 'min', 'max'])
    .where('run', '=', anyOf(runs))
    .where('metric', '=', anyOf(metrics))
    .execute();
  return new Map(rows.map((row) => [keyOf(row.run, row.metric ?? ''), row]));
}

async function labelsOf(db: Db, table: 'runParams' | 'runTags', runs: readonly string[], fields: readonly Field[]) {
  const kind = table === 'runParams' ? 'param' : 'tag';
  const keys = fields.flatMap((field) => (field.kind === kind ? [field.key] : []));
  if (runs.length === 0 || keys.length === 0) return new Map<string, never>();
  const rows = await db
    .selectFrom(table)
    .select(['run', 'key', 'value'])
    .where('run', '=', anyOf(runs))
    .where('key', '=', anyOf(keys))
    .execute();
  return new Map(rows.map((row) => [keyOf(row.run, row.key), row.value]));
}

type PlainAttribute = Exclude<AttributeName, 'commit'>;

async function attributesOf(db: Db, runs: readonly string[], fields: readonly Field[]) {
  const names = [
    ...new Set(
      fields.flatMap((field): PlainAttribute[] =>
        field.kind === 'attribute' && field.attribute !== 'commit' ? [field.attribute] : [],
      ),
    ),
  ];
  const found = new Map<string, Partial<Record<PlainAttribute, ColumnValue>>>();
  if (runs.length === 0 || names.length === 0) return found;
  const columns = names.map(
    (name, place) => sql`${sql.ref(attributeColumns[name].column)} as ${sql.ref(`value_${place}`)}`,
  );
  const { rows } = await sql<{ run: string } & Readonly<Record<`value${number}`, ColumnValue>>>`
    select runs.run as run, ${sql.join(columns)} from runs where runs.run = any(${runs}::text[])`.execute(db);
  for (const row of rows) {
    const values = names.map((name, place) => {
      const value = row[`value${place}`] ?? null;
      return [name, name === 'archived' ? value !== null : value];
    });
    found.set(row.run, Object.fromEntries(values));
  }
  return found;
}

const isCommit = (field: Field): boolean => field.kind === 'attribute' && field.attribute === 'commit';

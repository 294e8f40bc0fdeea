import type { Field, OrderKey } from '@tributary/filter';
import { typeOfAttribute } from '@tributary/filter';
import { type RawBuilder, sql } from 'kysely';
import { attributeColumns, nan } from './condition-expression.js';

type Sql = RawBuilder<unknown>;

/** One expression of an ORDER BY. */
export interface SortPart {
  readonly expression: Sql;
  readonly descending: boolean;
  /** How a page token carries its value; null is carried by each. */
  readonly type: 'number' | 'text' | 'time';
}

/**
 * A stretch of an ordered list that one query can read off an index: runs with a value of the first key, those where it is NaN,
 * those without. They follow each other, whatever the direction.
 */
export interface Segment {
  /** Joined to `runs`. */
  readonly join: Sql;
  readonly condition: Sql;
  readonly parts: readonly SortPart[];
}

const nothing = sql``;
const always = sql`true`;

/** The segments of a list whose first key this is. */
export function segmentsOf({ field, descending }: OrderKey): Segment[] {
  const source = sourceOf(field, 'first_key');
  const part = (expression: Sql, type: SortPart['type']): SortPart => ({ expression, descending, type });
  const found = sql`inner join ${source.joined}`;
  const missing: Segment = { join: nothing, condition: sql`not exists (select from ${source.matching})`, parts: [] };
  switch (field.kind) {
    case 'metric': {
      const numbers = { join: found, condition: sql`${source.value} < ${nan}`, parts: [part(source.value, 'number')] };
      if (field.summary !== 'last') return [numbers, missing];
      return [numbers, { join: found, condition: sql`${source.value} = ${nan}`, parts: [] }, missing];
    }
    case 'param':
      return [
        { join: found, condition: sql`${source.number} is not null`, parts: [part(source.number, 'number')] },
        { join: found, condition: sql`${source.number} is null`, parts: [part(source.value, 'text')] },
        missing,
      ];
    case 'tag':
      return [{ join: found, condition: always, parts: [part(source.value, 'text')] }, missing];
    case 'attribute': {
      const { expression, type, nullable } = attributeValue(field);
      if (!nullable) return [{ join: nothing, condition: always, parts: [part(expression, type)] }];
      return [
        { join: nothing, condition: sql`${expression} is not null`, parts: [part(expression, type)] },
        { join: nothing, condition: sql`${expression} is null`, parts: [] },
      ];
    }
  }
}

/** What a later key adds to each segment: a rank that puts NaN and what is missing last, then the value. */
export function laterKey(
  { field, descending }: OrderKey,
  place: number,
): { readonly join: Sql; readonly parts: readonly SortPart[] } {
  const part = (expression: Sql, type: SortPart['type']): SortPart => ({ expression, descending, type });
  const rank = (expression: Sql): SortPart => ({ expression, descending: false, type: 'number' });
  if (field.kind === 'attribute') {
    const { expression, type, nullable } = attributeValue(field);
    const missing = rank(sql`case when ${expression} is null then 1 else 0 end`);
    return { join: nothing, parts: [...(nullable ? [missing] : []), part(expression, type)] };
  }
  const source = sourceOf(field, `key_${place}`);
  const join = sql`left join ${source.joined}`;
  switch (field.kind) {
    case 'metric': {
      const order = sql`case when ${source.value} is null then 2 when ${source.value} = ${nan} then 1 else 0 end`;
      return { join, parts: [rank(order), part(source.value, 'number')] };
    }
    case 'param': {
      const order = sql`case when ${source.number} is not null then 0 when ${source.value} is not null then 1 else 2 end`;
      const text = sql`case when ${source.number} is null then ${source.value} end`;
      return { join, parts: [rank(order), part(source.number, 'number'), part(text, 'text')] };
    }
    case 'tag':
      return {
        join,
        parts: [rank(sql`case when ${source.value} is null then 1 else 0 end`), part(source.value, 'text')],
      };
  }
}

function attributeValue({ attribute }: Extract<Field, { kind: 'attribute' }>) {
  if (attribute === 'commit') throw new Error('Runs have no order by commit.');
  const { column, nullable } = attributeColumns[attribute];
  const type = typeOfAttribute(attribute);
  // Runs that are archived come last, as those without a value do.
  if (attribute === 'archived')
    return { expression: sql`(${sql.ref(column)} is not null)::integer`, type: 'number', nullable: false } as const;
  return {
    expression: sql.ref(column),
    nullable,
    type: type === 'number' ? 'number' : type === 'time' ? 'time' : 'text',
  } as const;
}

interface Source {
  /** After `join`. */
  readonly joined: Sql;
  /** After `from`, of the run at hand: the row that has the value. */
  readonly matching: Sql;
  readonly value: Sql;
  /** Of a parameter. */
  readonly number: Sql;
}

/** The row of another table that holds a run's value. */
function sourceOf(field: Field, alias: string): Source {
  const named = sql.ref(alias);
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const table = field.kind === 'metric' ? sql`series` : field.kind === 'param' ? sql`run_params` : sql`run_tags`;
  const key = field.kind === 'metric' ? field.metric : field.kind === 'attribute' ? field.attribute : field.key;
  const value = column(field.kind === 'metric' ? field.summary : 'value');
  const own = sql`${column('run')} = runs.run and ${column(field.kind === 'metric' ? 'metric' : 'key')} = ${key}`;
  return {
    joined: sql`${table} as ${named} on ${own}`,
    matching: sql`${table} as ${named} where ${own} and ${value} is not null`,
    value,
    number: column('number'),
  };
}

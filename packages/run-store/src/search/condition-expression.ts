import type { AttributeName, Comparison, Condition, Field, Moment } from '@tributary/filter';
import { type Expression, type ExpressionBuilder, expressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** What a condition asks of one value. */
type Test = (value: RawBuilder<unknown>) => Expression<SqlBool>;

/**
 * A filter as an expression about a row of `runs`. Everything that the user wrote is a bound parameter. It is true or false,
 * never null, so that `not` turns it.
 * @param nowMs what durations before now count from
 */
export function conditionExpression(condition: Condition, nowMs: number): Expression<SqlBool> {
  const eb = expressionBuilder<Schema, 'runs'>();
  const all = (parts: readonly Condition[]) => parts.map((part) => conditionExpression(part, nowMs));
  switch (condition.kind) {
    case 'all':
      return eb.and(all(condition.of));
    case 'any':
      return eb.or(all(condition.of));
    case 'not':
      return eb.not(conditionExpression(condition.of, nowMs));
    case 'states':
      return condition.states.length === 0 ? sql`false` : eb('runs.state', 'in', condition.states);
    case 'archived':
      return eb('runs.archivedAt', condition.archived ? 'is not' : 'is', null);
    case 'present': {
      const present = someValue(eb, condition.field, 'any', (value) => sql`${value} is not null`);
      return condition.negated ? eb.not(present) : present;
    }
    case 'nan':
      return someValue(eb, condition.field, 'number', (value) =>
        condition.negated ? sql`${value} <> ${nan}` : sql`${value} = ${nan}`,
      );
    case 'number':
      return someValue(eb, condition.field, 'number', compareNumber(condition.comparison, condition.value));
    case 'numbers':
      return someValue(eb, condition.field, 'number', (value) =>
        condition.negated
          ? sql`${value} <> all(${condition.values}::double precision[])`
          : sql`${value} = any(${condition.values}::double precision[])`,
      );
    case 'text':
      return someValue(eb, condition.field, 'text', (value) =>
        condition.negated ? sql`${value} <> ${condition.value}` : sql`${value} = ${condition.value}`,
      );
    case 'texts':
      return someValue(eb, condition.field, 'text', (value) =>
        condition.negated
          ? sql`${value} <> all(${condition.values}::text[])`
          : sql`${value} = any(${condition.values}::text[])`,
      );
    case 'like':
      return someValue(eb, condition.field, 'text', matchPattern(condition));
    case 'time':
      return someValue(
        eb,
        condition.field,
        'any',
        (value) => sql`${value} ${operators[condition.comparison]} ${dateOf(condition.value, nowMs)}::timestamptz`,
      );
  }
}

const operators: Readonly<Record<Comparison, RawBuilder<unknown>>> = {
  '=': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
};

/** Greater than every number and equal to itself, in Postgres alone. */
export const nan: RawBuilder<unknown> = sql`'NaN'::double precision`;

function compareNumber(comparison: Comparison, number: number): Test {
  return (value) => {
    const compared = sql<SqlBool>`${value} ${operators[comparison]} ${number}::double precision`;
    return comparison === '>' || comparison === '>=' ? sql`${compared} and ${value} < ${nan}` : compared;
  };
}

function matchPattern({ pattern, ignoreCase, negated }: Extract<Condition, { kind: 'like' }>): Test {
  return (value) => {
    // Values of tags and parameters have collation "C", which knows the case of ASCII alone.
    if (ignoreCase)
      return negated
        ? sql`${value} collate "default" not ilike ${pattern}`
        : sql`${value} collate "default" ilike ${pattern}`;
    return negated ? sql`${value} not like ${pattern}` : sql`${value} like ${pattern}`;
  };
}

/** The moment, for a bound parameter. */
function dateOf(moment: Moment, nowMs: number): Date {
  return new Date('atMs' in moment ? moment.atMs : Math.max(nowMs - moment.agoMs, firstMs));
}

/** The first that Postgres and Date write alike. */
const firstMs = Date.parse('0001-01-01T00:00:00Z');

/** The column of `runs` that holds an attribute. */
export const attributeColumns = {
  run: { column: 'runs.run', nullable: false },
  experiment: { column: 'runs.experiment', nullable: false },
  state: { column: 'runs.state', nullable: false },
  reason: { column: 'runs.reason', nullable: true },
  step: { column: 'runs.step', nullable: false },
  target_steps: { column: 'runs.target_steps', nullable: true },
  attempt: { column: 'runs.attempt', nullable: false },
  created: { column: 'runs.created_at', nullable: false },
  started: { column: 'runs.started_at', nullable: true },
  ended: { column: 'runs.ended_at', nullable: true },
  parent: { column: 'runs.parent', nullable: true },
  archived: { column: 'runs.archived_at', nullable: true },
  note: { column: 'runs.note', nullable: true },
  state_hash: { column: 'runs.state_hash', nullable: true },
} as const satisfies Record<Exclude<AttributeName, 'commit'>, { readonly column: string; readonly nullable: boolean }>;

/** Whether the run has a value of the field that passes the test. Of a parameter, `type` says which of its two values is meant. */
function someValue(
  eb: ExpressionBuilder<Schema, 'runs'>,
  field: Field,
  type: 'number' | 'text' | 'any',
  test: Test,
): Expression<SqlBool> {
  const one = eb.lit(1).as('one');
  switch (field.kind) {
    case 'metric':
      return eb.exists(
        eb
          .selectFrom('series')
          .select(one)
          .whereRef('series.run', '=', 'runs.run')
          .where('series.metric', '=', field.metric)
          .where(test(sql.ref(`series.${field.summary}`))),
      );
    case 'param':
      return eb.exists(
        eb
          .selectFrom('runParams')
          .select(one)
          .whereRef('runParams.run', '=', 'runs.run')
          .where('runParams.key', '=', field.key)
          .where(test(sql.ref(type === 'number' ? 'run_params.number' : 'run_params.value'))),
      );
    case 'tag':
      return eb.exists(
        eb
          .selectFrom('runTags')
          .select(one)
          .whereRef('runTags.run', '=', 'runs.run')
          .where('runTags.key', '=', field.key)
          .where(test(sql.ref('run_tags.value'))),
      );
    case 'attribute': {
      if (field.attribute === 'commit')
        return eb.exists(
          eb
            .selectFrom('lineage')
            .select(one)
            .whereRef('lineage.run', '=', 'runs.run')
            .where('lineage.key', '=', 'commit')
            .where(test(sql.ref('lineage.value'))),
        );
      const { column, nullable } = attributeColumns[field.attribute];
      const value = sql.ref(column);
      return nullable ? sql`(${value} is not null and ${test(value)})` : sql`(${test(value)})`;
    }
  }
}

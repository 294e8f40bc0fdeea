import { type Condition, type Field, type OrderKey, parseFilter, parseOrder } from '@tributary/filter';
import { randomStream } from '@tributary/random';
import { mutateText } from '@tributary/testing';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { Schema } from '../schema.js';
import { testDatabase } from '../test-database.fixture.js';
import { columnValues } from './column-values.js';
import { randomFilter, randomOrder } from './random-filters.fixture.js';
import { insertRuns, randomRun } from './random-runs.fixture.js';
import { searchRuns } from './search-runs.js';

const { db } = await testDatabase();
const stream = randomStream(11, 'bound-parameters');
await insertRuns(
  db,
  Array.from({ length: 40 }, (_, place) => ({ ...randomRun(stream, `run-${place}`), deleted: null, archived: null })),
);

/** The same database, and what is sent to it. */
let sent: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];
const watched = new Kysely<Schema>({
  dialect: new PostgresDialect({
    pool: Object.assign(Object.create(db.pool) as typeof db.pool, { end: async () => {} }),
  }),
  plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  log: ({ query }) => void sent.push(query),
});
afterAll(() => watched.destroy());
beforeEach(() => {
  sent = [];
});

/** What would end a text, a name, a statement or a comment, around a word that no statement of ours has. */
const hostile = (place: string): string => `zq${place}'"\`;--/*$1 ? %_ \\\\ \${x} é); drop table runs; --`;

const fields: readonly Field[] = [
  ...(['last', 'min', 'max'] as const).map(
    (summary): Field => ({ kind: 'metric', metric: hostile('metric'), summary }),
  ),
  { kind: 'param', key: hostile('param') },
  { kind: 'tag', key: hostile('tag') },
  { kind: 'attribute', attribute: 'note' },
  { kind: 'attribute', attribute: 'commit' },
];
const value = hostile('value');
const number = 8_675_309.125;
const conditions: readonly Condition[] = [
  ...fields.flatMap((field): Condition[] => [
    ...[false, true].flatMap((negated): Condition[] => [
      { kind: 'present', field, negated },
      ...(field.kind === 'metric' ? [{ kind: 'nan', field, negated } as const] : []),
      ...(field.kind === 'metric' || field.kind === 'param'
        ? [{ kind: 'numbers', field, values: [number, 1], negated } as const]
        : []),
      ...(field.kind === 'metric'
        ? []
        : [
            { kind: 'text', field, value, negated } as const,
            { kind: 'texts', field, values: [value, 'a'], negated } as const,
            { kind: 'like', field, pattern: value, ignoreCase: negated, negated } as const,
          ]),
    ]),
    ...(field.kind === 'metric' || field.kind === 'param'
      ? (['=', '!=', '<', '<=', '>', '>='] as const).map(
          (comparison): Condition => ({ kind: 'number', field, comparison, value: number }),
        )
      : []),
  ]),
  { kind: 'time', field: { kind: 'attribute', attribute: 'ended' }, comparison: '<', value: { atMs: 1 } },
];

it('nothing that a user wrote is in a statement; it is bound', async () => {
  const orders = fields.filter((field) => field.kind !== 'attribute' || field.attribute !== 'commit');
  for (const filter of [...conditions, { kind: 'not', of: { kind: 'any', of: conditions } } as const])
    for (const order of [[], orders.slice(0, 1).map((field): OrderKey => ({ field, descending: true }))])
      await searchRuns(watched, { filter, order, limit: 3 });
  for (const field of orders) {
    const order = [field, ...orders].map((key): OrderKey => ({ field: key, descending: false }));
    const { next } = await searchRuns(watched, { order, limit: 3 });
    await searchRuns(watched, { order, limit: 3, page: next ?? '' });
  }
  await columnValues(watched, [hostile('run')], fields);
  await searchRuns(watched, { limit: 1, after: hostile('run') }).catch(() => undefined);

  expect(sent.length).toBeGreaterThan(100);
  for (const { sql } of sent) expect(sql).not.toMatch(/zq|drop table|8675309|é/i);
  const bound = new Set(sent.flatMap(({ parameters }) => parameters.flat()).map(String));
  for (const place of ['metric', 'param', 'tag', 'value', 'run']) expect(bound).toContain(hostile(place));
  expect(bound).toContain(String(number));
});

it('whatever filter and order can be read, Postgres can run', async () => {
  const alphabet = [
    ...`'"\`()%_\\.,=<>-0159éß`,
    ' and ',
    ' or ',
    ' not ',
    ' in ',
    ' is null',
    "'\\\\'",
    '\u{1f642}',
    '1e308',
    '-7d',
  ];
  const counts = { run: 0, refused: 0 };
  for (let trial = 0; trial < 400; trial += 1) {
    const [filterText, orderText] =
      trial % 2 === 0
        ? [mutateText(stream, randomFilter(stream, 1), alphabet), randomOrder(stream)]
        : [randomFilter(stream), mutateText(stream, randomOrder(stream), alphabet)];
    let list: { readonly filter: Condition; readonly order: readonly OrderKey[] };
    try {
      list = { filter: parseFilter(filterText), order: parseOrder(orderText) };
    } catch {
      counts.refused += 1;
      continue;
    }
    counts.run += 1;
    const { next } = await searchRuns(db, { ...list, limit: 3 }).catch((cause: unknown) => {
      throw new Error(`${filterText} by ${orderText}`, { cause });
    });
    if (next !== null) await searchRuns(db, { ...list, limit: 3, page: next });
  }
  expect(counts.run).toBeGreaterThan(50);
});

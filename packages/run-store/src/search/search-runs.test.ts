import { namesArchived, parseColumns, parseFilter, parseOrder } from '@tributary/filter';
import type { RunId } from '@tributary/protocol';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { testDatabase } from '../test-database.fixture.js';
import { columnValues } from './column-values.js';
import { compareRuns } from './compare-runs.fixture.js';
import { evaluate, type PlainRun } from './evaluate-condition.fixture.js';
import { orderFields, randomFilter, randomOrder } from './random-filters.fixture.js';
import { dayMs, epochMs, insertRuns, randomRun } from './random-runs.fixture.js';
import { type SearchOptions, searchRuns } from './search-runs.js';

const { db } = await testDatabase();
const stream = randomStream(7, 'search');
const runs = Array.from({ length: 300 }, (_, place) => randomRun(stream, `run-${String(place).padStart(3, '0')}`));
await insertRuns(db, runs);
// Days of random runs, seen from the last of them.
const nowMs = epochMs + 6 * dayMs;

const living = runs.filter(({ deleted }) => deleted === null);
const visible = living.filter(({ archived }) => archived === null);
const names = (of: readonly { readonly run: string }[]): string[] => of.map(({ run }) => run);

/** Every page of a list, one after another. */
async function pages(options: Omit<SearchOptions, 'page'>, between?: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  for (let page: string | undefined; ; ) {
    const { runs: shown, next } = await searchRuns(db, { ...options, ...(page === undefined ? {} : { page }) });
    seen.push(...names(shown));
    if (next === null) return seen;
    expect(shown).toHaveLength(options.limit);
    await between?.();
    page = next;
  }
}

describe('a filter', () => {
  it('finds exactly the runs of which its documentation says that it is true', async () => {
    let found = 0;
    const kinds = new Set<string>();
    for (let trial = 0; trial < 250; trial += 1) {
      const text = randomFilter(stream).replaceAll(/-(\d+)(d|h)\b/g, (_, count: string, unit: string) =>
        sinceNow(count, unit),
      );
      const filter = parseFilter(text);
      const candidates = namesArchived(filter) ? living : visible;
      const expected = names(candidates.filter((run) => evaluate(filter, run, Date.now())));
      const { runs: got } = await searchRuns(db, { filter, limit: 1_000 });
      expect(names(got).sort(), text).toEqual(expected.sort());
      if (expected.length > 0 && expected.length < candidates.length) found += 1;
      for (const kind of JSON.stringify(filter).matchAll(/"kind":"(\w+)"/g)) kinds.add(kind[1] ?? '');
    }
    // Filters that find all or nothing would prove little.
    expect(found).toBeGreaterThan(120);
    expect([...kinds].sort()).toEqual(everyKind);
  }, 180_000);

  it('shows archived runs only where it speaks of them, and deleted ones never', async () => {
    const found = async (text: string) =>
      names((await searchRuns(db, { filter: parseFilter(text), limit: 1_000 })).runs);
    expect((await found('')).sort()).toEqual(names(visible).sort());
    expect(await found('archived = true')).toHaveLength(living.length - visible.length);
    expect(await found("archived = true or run != ''")).toHaveLength(living.length);
  });

  it('counts durations before now from the first page on', async () => {
    const filter = parseFilter('created > -3650d');
    const { next } = await searchRuns(db, { filter, limit: 5 });
    const remaining = async (page: string) => names((await searchRuns(db, { filter, limit: 1_000, page })).runs).length;
    expect(await remaining(next ?? '')).toBe(visible.length - 5);
    // The same list, had its first page been read ten years later.
    const [digest, readMs, ...rest] = contentOf(next ?? '') as [string, number, ...unknown[]];
    expect(await remaining(tokenOf([digest, readMs + 3650 * dayMs, ...rest]))).toBe(0);
  });
});

const everyKind = [
  ...['all', 'any', 'archived', 'attribute', 'like', 'metric', 'nan', 'not', 'number', 'numbers', 'param', 'present'],
  ...['states', 'tag', 'text', 'texts', 'time'],
];
const contentOf = (token: string): unknown[] =>
  JSON.parse(Buffer.from(token.slice(3), 'base64url').toString()) as unknown[];
const tokenOf = (content: unknown): string => `p1.${Buffer.from(JSON.stringify(content)).toString('base64url')}`;

/** Random runs lie some days back; durations in random filters end at noon of those days, when none of them begins. */
function sinceNow(count: string, unit: string): string {
  const agoMs = Number(count) * (unit === 'd' ? dayMs : dayMs / 24);
  return `-${Date.now() - nowMs + agoMs - dayMs / 2}ms`;
}

describe('an order', () => {
  it.each(orderFields.flatMap((field) => [field, `${field} DESC`]))(
    '%s has every run once, in its order',
    async (text) => {
      const order = parseOrder(text);
      const expected = names([...visible].sort(compareRuns(order)));
      expect(await pages({ order, limit: 37 })).toEqual(expected);
    },
  );

  it('of several keys has every run once, in its order, on pages of any size', async () => {
    for (let trial = 0; trial < 40; trial += 1) {
      const text = randomOrder(stream);
      const filter = parseFilter(randomFilter(stream, 1));
      const order = parseOrder(text);
      const candidates = namesArchived(filter) ? living : visible;
      const expected = candidates.filter((run) => evaluate(filter, run, Date.now())).sort(compareRuns(order));
      expect(await pages({ filter, order, limit: 1 + stream.below(90) }), text).toEqual(names(expected));
    }
  });

  it('keeps its pages while runs begin and end', async () => {
    const order = parseOrder('metrics.loss DESC, created');
    const expected = names([...visible].sort(compareRuns(order)));
    const added: string[] = [];
    const seen = await pages({ order, limit: 23 }, async () => {
      const run = randomRun(stream, `added-${added.length}`);
      added.push(run.run);
      await insertRuns(db, [run]);
    });
    expect(added.length).toBeGreaterThan(5);
    expect(seen.filter((run) => !added.includes(run))).toEqual(expected);
    expect(new Set(seen).size).toBe(seen.length);
    await db.deleteFrom('runs').where('run', 'in', added).execute();
  });

  it('begins after a run', async () => {
    const order = parseOrder('params.mixed');
    const sorted = names([...visible].sort(compareRuns(order)));
    for (const place of [0, 150, sorted.length - 1])
      expect(await pages({ order, limit: 50, after: sorted[place] ?? '' })).toEqual(sorted.slice(place + 1));
    await expect(searchRuns(db, { limit: 1, after: 'nobody' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('a page token', () => {
  it('is refused for another list, and when it is made up', async () => {
    const { next } = await searchRuns(db, { limit: 1, order: parseOrder('metrics.loss') });
    const token = next ?? '';
    const refused = { code: 'FILTER_INVALID', message: expect.stringContaining('page token') };
    const search = (page: string, order = 'metrics.loss', filter = '') =>
      searchRuns(db, { limit: 1, page, order: parseOrder(order), filter: parseFilter(filter) });
    await search(token);
    await expect(search(token, 'metrics.loss desc')).rejects.toMatchObject(refused);
    await expect(search(token, 'metrics.loss', 'step = 1')).rejects.toMatchObject(refused);
    const content = contentOf(token);
    const hostile: unknown[] = ['', null, {}, [], -1, 1e300, 99, 'x\0', "'; drop table runs", '9'.repeat(400)];
    for (let place = 0; place < content.length; place += 1)
      for (const value of hostile) {
        const forged = tokenOf(content.with(place, value));
        // A value of the right type is only another place in the list.
        await search(forged).catch((error: unknown) => expect(error).toMatchObject(refused));
      }
    for (const broken of ['', 'p1.', 'p1.!!', 'p1.bnVsbA', 'words-1', token.slice(0, -3)])
      await expect(search(broken)).rejects.toMatchObject(refused);
  });
});

it('gives the values of columns, by run', async () => {
  const run = { ...randomRun(stream, 'columns-1'), deleted: null, archived: null };
  const plain: PlainRun = {
    ...run,
    note: 'a note',
    commits: ['first', 'second'],
    metrics: { 'a.train.loss': { last: Number.NaN, min: 0.5, max: 2 } },
    params: { mixed: { value: '0.5', number: 0.5 } },
    tags: { 'a b': 'c' },
  };
  await insertRuns(db, [plain]);
  const columns = parseColumns(
    'metrics.a.train.loss, best(a.train.loss), params.mixed, tags."a b", tags.none, note, commit, archived, created',
  );
  const values = await columnValues(
    db,
    ['columns-1', 'nobody' as RunId],
    columns.map(({ field }) => field),
  );
  expect(values.get('columns-1')).toEqual([
    Number.NaN,
    0.5,
    '0.5',
    'c',
    null,
    'a note',
    'second',
    false,
    plain.created,
  ]);
  expect(values.get('nobody')).toEqual(columns.map(() => null));
});

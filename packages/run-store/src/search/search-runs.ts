import { type AttributeName, type Condition, namesArchived, type OrderKey } from '@tributary/filter';
import { type Expression, type RawBuilder, sql } from 'kysely';
import type { Db } from '../database.js';
import { runNotFound } from '../run-not-found.js';
import type { RunRow } from '../runs.js';
import { conditionExpression } from './condition-expression.js';
import { decodePage, digestOf, encodePage, type PagePosition, type SortValue } from './page-token.js';
import { laterKey, type Segment, type SortPart, segmentsOf } from './sort-parts.js';

/** A run as a list shows it: everything but what is large. */
export type RunSummaryRow = Pick<
  RunRow,
  | 'run'
  | 'experiment'
  | 'state'
  | 'reason'
  | 'attempt'
  | 'step'
  | 'targetSteps'
  | 'stateHash'
  | 'createdAt'
  | 'startedAt'
  | 'endedAt'
  | 'archivedAt'
>;

const summaryColumns = sql`
  runs.run, runs.experiment, runs.state, runs.reason, runs.attempt, runs.step, runs.target_steps, runs.state_hash,
  runs.created_at, runs.started_at, runs.ended_at, runs.archived_at`;

export interface SearchOptions {
  /** Default: every run. Archived runs are left out unless it says `archived`. */
  readonly filter?: Condition;
  /** Default: newest first. */
  readonly order?: readonly OrderKey[];
  /** Runs of a page. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly page?: string;
  /** In place of `page`: begins after this run's place. */
  readonly after?: string;
}

export interface RunPage {
  readonly runs: readonly RunSummaryRow[];
  /** Of the next page; null on the last. */
  readonly next: string | null;
}

const newestFirst: OrderKey = { field: { kind: 'attribute', attribute: 'created' }, descending: true };

/**
 * A page of the runs that a filter is true of. Runs without a value of a key come last in its order, whatever the direction,
 * and those where it is NaN just before them; equal ones come newest first. Runs that begin meanwhile move no other between
 * pages; one whose value changes meanwhile may be seen twice or not at all.
 * @throws TributaryError `FILTER_INVALID` for a page token of another list, `RUN_NOT_FOUND` for `after`
 */
export async function searchRuns(db: Db, options: SearchOptions): Promise<RunPage> {
  const { filter = { kind: 'all', of: [] }, limit } = options;
  const order = options.order?.length ? options.order : [newestFirst];
  const segments = orderedSegments(order);
  const digest = digestOf([filter, order]);
  const from = await startOf(db, options, digest, segments);
  const nowMs = from?.nowMs ?? Date.now();
  const conditions = [
    conditionExpression(filter, nowMs),
    sql`runs.deleted_at is null`,
    ...(namesArchived(filter) ? [] : [sql`runs.archived_at is null`]),
  ];
  const found: FoundRun[] = [];
  for (const [place, segment] of segments.entries()) {
    if (place < (from?.segment ?? 0)) continue;
    const after = from?.segment === place ? [beyond(segment.parts, from.values)] : [];
    // One more than the page holds tells whether there is a next one.
    found.push(...(await readSegment(db, segments, place, [...conditions, ...after], limit + 1 - found.length)));
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {
    runs: shown.map(({ summary }) => summary),
    next: last && found.length > limit ? encodePage(digest, { nowMs, ...last.position }) : null,
  };
}

/** Where the page begins; null: with the first run. */
async function startOf(
  db: Db,
  { page, after }: SearchOptions,
  digest: string,
  segments: readonly Segment[],
): Promise<PagePosition | null> {
  if (page !== undefined) return decodePage(page, digest, (segment) => segments[segment]?.parts);
  if (after === undefined) return null;
  for (const place of segments.keys()) {
    const [run] = await readSegment(db, segments, place, [sql`runs.run = ${after}`], 1);
    if (run) return { nowMs: Date.now(), ...run.position };
  }
  throw runNotFound(after);
}

/** The first key's segments, each with the whole order: what later keys add, then age and name, which decide at last. */
function orderedSegments(order: readonly OrderKey[]): Segment[] {
  const [first = newestFirst, ...later] = order;
  const added = later.map((key, place) => laterKey(key, place + 1));
  const keyOf = (attribute: AttributeName) =>
    order.find(({ field }) => field.kind === 'attribute' && field.attribute === attribute);
  const created = keyOf('created');
  const deciding: SortPart[] = [
    ...(created ? [] : [{ expression: sql.ref('runs.created_at'), descending: true, type: 'time' } as const]),
    { expression: sql.ref('runs.run'), descending: created?.descending ?? true, type: 'text' },
  ];
  return segmentsOf(first).map(({ join, condition, parts }) => ({
    join: sql.join([join, ...added.map((key) => key.join)], sql` `),
    condition,
    parts: [...parts, ...added.flatMap((key) => key.parts), ...(keyOf('run') ? [] : deciding)],
  }));
}

interface FoundRun {
  readonly summary: RunSummaryRow;
  readonly position: Omit<PagePosition, 'nowMs'>;
}

async function readSegment(
  db: Db,
  segments: readonly Segment[],
  place: number,
  conditions: readonly Expression<unknown>[],
  limit: number,
): Promise<FoundRun[]> {
  const { join, condition, parts } = segments[place] as Segment;
  const sorted = parts.map(({ expression }, index) => sql`${expression} as ${sql.ref(`sort_${index}`)}`);
  const directions = parts.map(({ expression, descending }) => sql`${expression} ${descending ? sql`desc` : sql`asc`}`);
  const { rows } = await sql<RunSummaryRow & Readonly<Record<`sort${number}`, SortValue>>>`
    select ${summaryColumns}, ${sql.join(sorted)}
    from runs ${join}
    where ${sql.join([condition, ...conditions], sql` and `)}
    order by ${sql.join(directions)}
    limit ${limit}`.execute(db);
  return rows.map((row) => ({
    summary: summaryOf(row),
    position: { segment: place, values: parts.map((_, index) => row[`sort${index}`] ?? null) },
  }));
}

/** Whether a row comes after one with these values. The first comparison alone bounds an index, so it stands by itself. */
function beyond(parts: readonly SortPart[], values: readonly SortValue[]): RawBuilder<unknown> {
  const later = parts.reduceRight<RawBuilder<unknown> | null>((rest, { expression, descending, type }, place) => {
    const value = values[place] ?? null;
    // The rank before it is equal, so it is null in both.
    if (value === null) return rest;
    const bound = sql`${value}${casts[type]}`;
    const after = sql`${expression} ${descending ? sql`<` : sql`>`} ${bound}`;
    if (rest === null) return after;
    return sql`(${expression} ${descending ? sql`<=` : sql`>=`} ${bound} and (${after} or ${rest}))`;
  }, null);
  return later ?? sql`false`;
}

const casts = { number: sql`::double precision`, text: sql`::text`, time: sql`::timestamptz` };

function summaryOf(row: RunSummaryRow): RunSummaryRow {
  const { run, experiment, state, reason, attempt, step, targetSteps, stateHash, createdAt, startedAt, endedAt } = row;
  const { archivedAt } = row;
  return {
    ...{ run, experiment, state, reason, attempt, step, targetSteps, stateHash },
    ...{ createdAt, startedAt, endedAt, archivedAt },
  };
}

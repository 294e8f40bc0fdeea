import { type MetricDirection, metricDirection, TributaryError } from '@tributary/protocol';
import { sql } from 'kysely';
import type { Db } from '../database.js';
import type { RunRow } from '../runs.js';
import type { SeriesKind } from '../schema.js';
import { equalStateHash, requiredRuns } from './required-runs.js';

export interface CompareOptions {
  /** Which value of a metric decides who is best. Default `last`. */
  readonly by?: 'last' | 'best';
  /** Also what is the same in all runs. Default false. */
  readonly all?: boolean;
}

export interface ComparedMetricValue {
  readonly count: number;
  /** NaN and infinities as they were recorded. */
  readonly last: number | null;
  readonly lastStep: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface ComparedMetric {
  readonly metric: string;
  readonly kind: SeriesKind;
  /** Null: neither more nor less of it is better. */
  readonly direction: MetricDirection | null;
  readonly values: readonly (ComparedMetricValue | null)[];
  /** Places of the best runs; empty where all are equal. */
  readonly best: readonly number[];
}

export interface Comparison {
  readonly runs: readonly (RunRow & { readonly seconds: number | null })[];
  readonly equalStateHash: boolean | null;
  readonly params: readonly { readonly key: string; readonly values: readonly (string | null)[] }[];
  readonly metrics: readonly ComparedMetric[];
  readonly equal: { readonly params: number; readonly metrics: number };
}

/** Most runs that are compared at once. */
export const mostComparedRuns = 100;

/**
 * Runs side by side: the fields of their run files and the metrics in which they differ.
 * @param runs at least two, at most {@link mostComparedRuns}, each once
 * @throws TributaryError `RUN_NOT_FOUND`, `DATA_INVALID` for too few, too many, or one that is named twice
 */
export async function compareRuns(
  db: Db,
  runs: readonly string[],
  { by = 'last', all = false }: CompareOptions = {},
): Promise<Comparison> {
  requireSeveral(runs);
  const rows = await requiredRuns(db, runs);
  const [seconds, params, metrics] = await Promise.all([
    secondsOf(db, runs),
    paramsSideBySide(db, runs),
    metricsSideBySide(db, runs, by),
  ]);
  const differentParams = params.filter(({ values }) => new Set(values).size > 1);
  const differentMetrics = metrics.filter(
    ({ values }) => !values.every((value) => sameValue(value, values[0] ?? null)),
  );
  return {
    runs: rows.map((row) => ({ ...row, seconds: seconds.get(row.run) ?? null })),
    equalStateHash: equalStateHash(rows),
    params: all ? params : differentParams,
    metrics: all ? metrics : differentMetrics,
    equal: {
      params: all ? 0 : params.length - differentParams.length,
      metrics: all ? 0 : metrics.length - differentMetrics.length,
    },
  };
}

function requireSeveral(runs: readonly string[]): void {
  const refuse = (message: string) => new TributaryError('DATA_INVALID', message);
  const twice = runs.find((run, place) => runs.indexOf(run) !== place);
  if (twice !== undefined) throw refuse(`Run "${twice}" is named twice; name each run to be compared once.`);
  if (runs.length < 2) throw refuse('A comparison needs at least two runs; name another one.');
  if (runs.length > mostComparedRuns)
    throw refuse(`These are ${runs.length} runs; compare at most ${mostComparedRuns} at once.`);
}

/** Time of all attempts, by run; one that goes on counts up to now. */
async function secondsOf(db: Db, runs: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('attempts')
    .select(['run', sql<number>`sum(extract(epoch from coalesce(ended_at, now()) - started_at))::float8`.as('seconds')])
    .where('run', 'in', runs)
    .groupBy('run')
    .execute();
  return new Map(rows.map(({ run, seconds }) => [run, seconds]));
}

async function paramsSideBySide(db: Db, runs: readonly string[]) {
  const rows = await db
    .selectFrom('runParams')
    .select(['run', 'key', 'value'])
    .where('run', 'in', runs)
    .orderBy('key')
    .execute();
  return sideBySide(runs, rows, ({ key }) => key).map(([key, cells]) => ({
    key,
    values: cells.map((cell) => cell?.value ?? null),
  }));
}

async function metricsSideBySide(db: Db, runs: readonly string[], by: 'last' | 'best'): Promise<ComparedMetric[]> {
  const rows = await db
    .selectFrom('series')
    .select(['run', 'metric', 'series', 'kind', 'count', 'last', 'lastStep', 'min', 'max'])
    .where('run', 'in', runs)
    .where('metric', 'is not', null)
    .$narrowType<{ metric: string }>()
    .orderBy('metric')
    .orderBy('kind')
    .execute();
  return sideBySide(runs, rows, ({ metric, kind }) => `${kind} ${metric}`).map(([, cells]) => {
    const { metric, series, kind } = cells.find((cell) => cell !== null) as (typeof rows)[number];
    const direction = isJudged(series, kind) ? metricDirection(metric) : null;
    const values = cells.map(
      (cell) => cell && { count: cell.count, last: cell.last, lastStep: cell.lastStep, min: cell.min, max: cell.max },
    );
    return { metric, kind, direction, values, best: direction === null ? [] : placesOfBest(values, direction, by) };
  });
}

/** Losses and results, and costs; a learning rate or a norm is neither good nor bad. */
function isJudged(series: string, kind: SeriesKind): boolean {
  return kind === 'timing' || /^(train|validation|test|inner)\./.test(series);
}

/** What each run has, by key, in the order in which keys appear. */
function sideBySide<Row extends { readonly run: string }>(
  runs: readonly string[],
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): (readonly [string, readonly (Row | null)[]])[] {
  const places = new Map(runs.map((run, place) => [run, place]));
  const keys = new Map<string, (Row | null)[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const cells = keys.get(key) ?? runs.map(() => null);
    keys.set(key, cells);
    cells[places.get(row.run) as number] = row;
  }
  return [...keys];
}

function placesOfBest(
  values: readonly (ComparedMetricValue | null)[],
  direction: MetricDirection,
  by: 'last' | 'best',
): number[] {
  const judged = values.map((value) => (by === 'last' ? value?.last : value?.[direction]) ?? Number.NaN);
  const known = judged.filter((value) => !Number.isNaN(value));
  if (known.length < 2 || new Set(known).size === 1) return [];
  const best = known.reduce((a, b) => Math[direction](a, b));
  return judged.flatMap((value, place) => (value === best ? [place] : []));
}

function sameValue(one: ComparedMetricValue | null, other: ComparedMetricValue | null): boolean {
  if (one === null || other === null) return one === other;
  return (['count', 'last', 'lastStep', 'min', 'max'] as const).every((key) => Object.is(one[key], other[key]));
}

import { TributaryError } from '@tributary/protocol';
import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Db } from './database.js';
import { requireRun } from './runs.js';
import type { SeriesKind, SeriesTable } from './schema.js';

/** A metric of one run with its summary: the whole of it, however few of its points are read. */
export type MetricSeries = Omit<Selectable<SeriesTable>, 'metric'>;

/** One point of a history. NaN and infinities are values like others. */
export interface HistoryPoint {
  readonly step: number;
  readonly value: number;
}

/** Least number of points that a history can be thinned to: a bucket keeps up to five. */
export const fewestPoints = 5;

/**
 * The series behind a metric's name, `grad_norm` or `spell.train.loss`; of a lane, `lane:0.train.loss`. Where a point and a timing
 * have one name, the point.
 * @throws TributaryError `RUN_NOT_FOUND`, `METRIC_NOT_FOUND`
 */
export async function requireMetric(db: Db, run: string, metric: string): Promise<MetricSeries> {
  const lane = /^(lane:\d+)\.(.+)$/.exec(metric);
  const found = await db
    .selectFrom('series')
    .select(['id', 'run', 'subject', 'series', 'kind', 'count', 'firstStep', 'lastStep', 'last', 'min', 'max'])
    .where('run', '=', run)
    .where((eb) =>
      lane === null
        ? eb('metric', '=', metric)
        : eb.and([eb('subject', '=', lane[1] as string), eb('series', '=', lane[2] as string)]),
    )
    .orderBy('kind')
    .limit(1)
    .executeTakeFirst();
  if (found) return found;
  await requireRun(db, run);
  throw await metricNotFound(db, run, metric);
}

async function metricNotFound(db: Db, run: string, metric: string): Promise<TributaryError> {
  const rows = await db
    .selectFrom('series')
    .select('metric')
    .distinct()
    .where('run', '=', run)
    .where('metric', 'is not', null)
    .orderBy('metric')
    .execute();
  const names = rows.map((row) => row.metric);
  const shown = names.length > 30 ? `${names.slice(0, 30).join(', ')} and ${names.length - 30} more` : names.join(', ');
  return new TributaryError(
    'METRIC_NOT_FOUND',
    names.length === 0
      ? `Run ${run} has no metric "${metric}"; nothing of it is recorded yet.`
      : `Run ${run} has no metric "${metric}"; it has ${shown}.`,
  );
}

/** Of a timing, the newest generation's value of each step. */
function rowsOf({ id, kind }: { readonly id: number; readonly kind: SeriesKind }): RawBuilder<HistoryPoint> {
  return kind === 'point'
    ? sql`select step, value from points where series_id = ${id}`
    : sql`select distinct on (step) step, value from timings where series_id = ${id} order by step, generation desc`;
}

/**
 * A metric's history by step in at most `points` points, computed by the database in constant memory. Where there are more, its
 * steps are cut into equal buckets, and of each the first point, the last, the least, the greatest and the first NaN stay (M4
 * of Jugel et al., VLDB 2014, plus NaN): drawn as a line it looks like the whole. The same data gives the same points.
 * @param series the whole, or a part: `count` is the most points that there are from its first step to its last
 * @param points at least {@link fewestPoints}
 */
export async function downsampledHistory(db: Db, series: MetricSeries, points: number): Promise<HistoryPoint[]> {
  const { count, firstStep, lastStep } = series;
  if (firstStep === null || lastStep === null) return [];
  const rows = rowsOf(series);
  if (count <= points) {
    const all = await sql<HistoryPoint>`
      select step, value from (${rows}) source where step between ${firstStep} and ${lastStep} order by step`.execute(
      db,
    );
    return all.rows;
  }
  const buckets = Math.max(1, Math.floor(points / fewestPoints));
  const span = lastStep - firstStep + 1;
  // Arrays compare element by element: the least value with the first step that has it.
  const kept = await sql<{ steps: number[] }>`
    select array[min(step), max(step), min(step) filter (where value = 'NaN'),
      ((min(array[value, step]) filter (where value <> 'NaN'))[2])::integer,
      (-(max(array[value, -step]) filter (where value <> 'NaN'))[2])::integer] as steps
    from (${rows}) source
    where step between ${firstStep} and ${lastStep}
    group by (step - ${firstStep}::bigint) * ${buckets}::bigint / ${span}::bigint`.execute(db);
  const steps = [...new Set(kept.rows.flatMap((row) => row.steps).filter((step) => step !== null))];
  const chosen = await sql<HistoryPoint>`
    select step, value from (${rows}) source where step = any(${steps}::integer[]) order by step`.execute(db);
  return chosen.rows;
}

/** First and last value of a metric as recorded; null where there is none. */
export async function endsOf(
  db: Db,
  series: MetricSeries,
): Promise<{ readonly first: number | null; readonly last: number | null }> {
  if (series.firstStep === null) return { first: null, last: null };
  const { rows } = await sql<HistoryPoint>`
    select step, value from (${rowsOf(series)}) source where step = ${series.firstStep}`.execute(db);
  return { first: rows[0]?.value ?? null, last: series.last };
}

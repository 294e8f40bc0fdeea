import { type Condition, namesArchived } from '@tributary/filter';
import { type MetricDirection, metricDirection, TributaryError } from '@tributary/protocol';
import { sql } from 'kysely';
import type { Db } from '../database.js';
import type { RunRow } from '../runs.js';
import { conditionExpression } from '../search/condition-expression.js';

export interface BestRunsOptions {
  /** Default: every run that is not archived. */
  readonly filter?: Condition;
  readonly experiment?: string;
  /** How many. Default 1. */
  readonly limit?: number;
}

export type BestRun = RunRow & {
  /** The best that the metric ever had there. */
  readonly value: number;
  readonly last: number | null;
  readonly lastStep: number | null;
};

/**
 * The runs in which a metric got best, by the minimum or maximum of its direction; of equals the older first. Archived runs take
 * no part unless the filter speaks of them, nor do those in which it was never a number.
 * @throws TributaryError `METRIC_NOT_FOUND` where no run has recorded it
 */
export async function bestRuns(
  db: Db,
  metric: string,
  { filter, experiment, limit = 1 }: BestRunsOptions = {},
): Promise<{ readonly direction: MetricDirection; readonly runs: readonly BestRun[] }> {
  const direction = metricDirection(metric);
  let query = db
    .selectFrom('series')
    .innerJoin('runs', 'runs.run', 'series.run')
    .selectAll('runs')
    .select([`series.${direction} as value`, 'series.last', 'series.lastStep'])
    .where('series.metric', '=', metric)
    .where(`series.${direction}`, 'is not', null)
    .where('runs.deletedAt', 'is', null);
  if (filter === undefined || !namesArchived(filter)) query = query.where('runs.archivedAt', 'is', null);
  if (filter !== undefined) query = query.where(conditionExpression(filter, Date.now()));
  if (experiment !== undefined) query = query.where('runs.experiment', '=', experiment);
  const runs = await query
    .orderBy(`series.${direction}`, direction === 'min' ? 'asc' : 'desc')
    .orderBy('runs.createdAt')
    .orderBy('runs.run')
    .limit(limit)
    .execute();
  if (runs.length === 0 && !(await isRecorded(db, metric))) throw await metricNotFound(db, metric);
  return { direction, runs: runs as BestRun[] };
}

async function isRecorded(db: Db, metric: string): Promise<boolean> {
  const found = await db.selectFrom('series').select('id').where('metric', '=', metric).limit(1).executeTakeFirst();
  return found !== undefined;
}

const shownMetrics = 30;

/** Names what there is, going from name to name through the index: there may be many runs, but there are few metrics. */
async function metricNotFound(db: Db, metric: string): Promise<TributaryError> {
  const { rows } = await sql<{ metric: string }>`
    with recursive names as (
      (select metric from series where metric is not null order by metric limit 1)
      union all
      select (select metric from series where series.metric > names.metric order by metric limit 1)
      from names where names.metric is not null
    )
    select metric from names where metric is not null limit ${shownMetrics + 1}`.execute(db);
  const names = rows.slice(0, shownMetrics).map((row) => row.metric);
  const more = rows.length > shownMetrics ? ', …' : '';
  return new TributaryError(
    'METRIC_NOT_FOUND',
    names.length === 0
      ? `No run has a metric "${metric}", or any other: nothing is recorded yet.`
      : `No run has a metric "${metric}"; there are ${names.join(', ')}${more}.`,
  );
}

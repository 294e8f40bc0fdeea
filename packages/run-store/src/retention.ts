import { checkpointsToDelete } from '@tributary/planner';
import { sql } from 'kysely';
import { type CheckpointRow, listCheckpoints } from './checkpoints.js';
import type { Db } from './database.js';
import type { RunRow } from './runs.js';

/** Checkpoints that the run file's retention gives up, oldest first. Recorded points decide which are the best. */
export async function checkpointsGivenUp(
  db: Db,
  { run, spec }: Pick<RunRow, 'run' | 'spec'>,
): Promise<CheckpointRow[]> {
  const { keep, keepEvery = null, best = null } = spec.checkpoints;
  const checkpoints = await listCheckpoints(db, run);
  const values = best === null ? new Map<number, number>() : await valuesByStep(db, run, best, checkpoints);
  return checkpointsToDelete(
    checkpoints.map((checkpoint) => ({ ...checkpoint, value: values.get(checkpoint.step) ?? null })),
    { keep, keepEvery, best },
  ).map(({ value: _, ...checkpoint }) => checkpoint);
}

/** The mean over the tasks that have the metric, at each checkpoint's step that has been evaluated. */
async function valuesByStep(
  db: Db,
  run: string,
  { metric, task }: { readonly metric: string; readonly task?: string | undefined },
  checkpoints: readonly CheckpointRow[],
): Promise<Map<number, number>> {
  if (checkpoints.length === 0) return new Map();
  let query = db
    .selectFrom('points')
    .innerJoin('series', 'series.id', 'points.seriesId')
    .select(['points.step', sql<number>`avg(points.value)`.as('value')])
    .where('series.run', '=', run)
    .where('series.kind', '=', 'point')
    .where('series.series', '=', metric)
    .where(
      'points.step',
      'in',
      checkpoints.map(({ step }) => step),
    )
    .groupBy('points.step');
  if (task !== undefined) query = query.where('series.subject', '=', `task:${task}`);
  return new Map((await query.execute()).map(({ step, value }) => [step, value]));
}

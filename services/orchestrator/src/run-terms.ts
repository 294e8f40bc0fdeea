import { durationMs, validateRunFile } from '@tributary/config';
import { lanesOf } from '@tributary/planner';
import { type ObjectStore, type PreparedRun, TributaryError } from '@tributary/protocol';

/** What a run file says of a run's workers. */
export interface RunTerms {
  readonly graceMs: number;
  readonly maxWorkers: number;
  readonly lanes: number;
}

/** Read from the prepared run, since that needs no Postgres; null where it is gone: who needs it more will say so. */
export async function runTerms(objects: ObjectStore, preparedKey: string): Promise<RunTerms | null> {
  const bytes = await objects.get(preparedKey).catch((error: unknown) => {
    if (error instanceof TributaryError && error.code === 'OBJECT_NOT_FOUND') return null;
    throw error;
  });
  if (bytes === null) return null;
  const { spec } = JSON.parse(new TextDecoder().decode(bytes)) as PreparedRun;
  const run = validateRunFile(spec, { name: 'the prepared run' });
  return { graceMs: durationMs(run.workers.grace), maxWorkers: run.workers.max, lanes: lanesOf(run).length };
}

/** Workers that the run should have: what its user scaled it to, else what its file says, never more than it has lanes. */
export function wantedWorkers({ maxWorkers, lanes }: RunTerms, scaledTo: number | null): number {
  return Math.min(scaledTo ?? maxWorkers, lanes);
}

import { isResting } from '@tributary/protocol';
import { type Db, findRun } from '@tributary/run-store';
import type { Metrics } from '@tributary/telemetry';

/** Takes the series of runs that have ended out of the metrics, after Prometheus has seen them; those resumed stay. */
export async function retireEndedRuns(db: Db, metrics: Metrics, retired: Set<string>): Promise<void> {
  const { values } = await metrics.checkpointBytes.get();
  for (const run of new Set(values.map(({ labels }) => String(labels.run_id)))) {
    const row = await findRun(db, run);
    const ended = row === null || isResting(row.state);
    if (ended && !retired.has(run)) {
      metrics.retireRun(run);
      retired.add(run);
    } else if (!ended && retired.delete(run)) metrics.keepRun(run);
  }
}

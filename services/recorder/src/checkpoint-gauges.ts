import { isResting } from '@tributary/protocol';
import { activeRuns, type Db, findRun, listCheckpoints } from '@tributary/run-store';
import type { Metrics } from '@tributary/telemetry';

/**
 * Takes the series of runs that have ended out of the metrics, after Prometheus has seen them; those resumed stay. A run that
 * trains on has its newest checkpoint told by every recorder that comes after the one which committed it.
 */
export async function keepCheckpointGauges(db: Db, metrics: Metrics, retired: Set<string>): Promise<void> {
  const { values } = await metrics.checkpointBytes.get();
  const told = new Set(values.map(({ labels }) => String(labels.run_id)));
  for (const run of told) {
    const row = await findRun(db, run);
    const ended = row === null || isResting(row.state);
    if (ended && !retired.has(run)) {
      metrics.retireRun(run);
      retired.add(run);
    } else if (!ended && retired.delete(run)) metrics.keepRun(run);
  }
  for (const { run } of await activeRuns(db, { limit: 1_000 })) {
    if (told.has(run)) continue;
    const [newest] = await listCheckpoints(db, run);
    if (newest === undefined) continue;
    metrics.checkpointBytes.set({ run_id: run }, newest.sizeBytes);
    metrics.checkpointLastSuccessTimestampSeconds.set({ run_id: run }, newest.committedAt.getTime() / 1_000);
  }
}

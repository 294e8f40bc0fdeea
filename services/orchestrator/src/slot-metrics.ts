import { type Db, deviceType, leaseQueue, listLeases } from '@tributary/run-store';
import type { Metrics } from '@tributary/telemetry';
import type { Roster } from './roster.js';

/** A worker that has been silent for longer is nobody's any more. */
const forgottenMs = 3_600_000;

/** Living workers, leased ones, runs that wait, and when each worker was heard last, as they stand now. */
export async function countSlots(metrics: Metrics, db: Db, roster: Roster): Promise<void> {
  tellHeartbeats(metrics, roster);
  const [leases, queue] = await Promise.all([listLeases(db), leaseQueue(db)]);
  const held = new Set(leases.map((lease) => lease.worker));
  const { slots, slotsLeased, queueDepth } = metrics;
  slots.reset();
  slotsLeased.reset();
  for (const { worker, device } of roster.living()) {
    const label = { device: deviceType(device.device) };
    slots.inc(label);
    slotsLeased.inc(label, held.has(worker) ? 1 : 0);
  }
  queueDepth.set(queue.length);
}

/** By who hears them: an agent that is gone could not say so. One that took its leave is not missed. */
function tellHeartbeats({ workerHeartbeatTimestampSeconds }: Metrics, roster: Roster): void {
  workerHeartbeatTimestampSeconds.reset();
  const nowMs = Date.now();
  const living = new Set(roster.living(nowMs).map(({ worker }) => worker));
  for (const { beacon, atMs } of roster.heard()) {
    const { worker, draining } = beacon;
    const gone = !living.has(worker) && (draining || nowMs - atMs > forgottenMs);
    if (!gone) workerHeartbeatTimestampSeconds.set({ worker }, atMs / 1_000);
  }
}

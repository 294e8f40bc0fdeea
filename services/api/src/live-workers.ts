import { beaconSilenceMs, TributaryError, type WorkerDocument } from '@tributary/protocol';
import { type Db, listWorkers, type WorkerRow } from '@tributary/run-store';

/** Beacons reach the database a little after they were sent. */
const silenceMs = 2 * beaconSilenceMs;

export async function workerDocuments(db: Db): Promise<WorkerDocument[]> {
  const now = Date.now();
  return (await listWorkers(db)).map((row) => workerDocument(row, now));
}

function workerDocument(row: WorkerRow, now: number): WorkerDocument {
  const heard = now - row.seenAt.getTime() < silenceMs;
  return {
    worker: row.worker,
    host: row.host,
    pid: row.pid,
    device: row.description,
    live: heard && !row.draining && row.quarantined === null,
    draining: heard && row.draining,
    quarantined: row.quarantined,
    trainer: heard ? row.trainer : null,
    seenAt: row.seenAt.toISOString(),
  };
}

/**
 * Refuses a run that could never start here: it would wait for ever.
 * @throws TributaryError `NO_WORKERS`
 */
export async function requireLiveWorkers(db: Db, min: number): Promise<void> {
  const kinds = new Map<string, number>();
  for (const { live, device } of await workerDocuments(db)) {
    if (!live) continue;
    const kind = [
      device.device.split(':')[0],
      device.backend,
      device.backendVersion,
      device.model,
      device.version,
    ].join();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const most = Math.max(0, ...kinds.values());
  if (most >= min) return;
  const there = most === 0 ? 'none is live' : `only ${most} of one kind ${most === 1 ? 'is' : 'are'} live`;
  throw new TributaryError(
    'NO_WORKERS',
    `The run needs at least ${min} ${min === 1 ? 'worker' : 'workers'} (workers.min), but ${there}; start more with: npx tributary up --workers ${min}${most > 0 ? ', or lower workers.min' : ''}`,
  );
}

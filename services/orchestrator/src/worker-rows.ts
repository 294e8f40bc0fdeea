import type { Beacon } from '@tributary/protocol';
import { type Db, upsertWorker } from '@tributary/run-store';
import type { Logger } from '@tributary/telemetry';
import type { Roster } from './roster.js';

/** An unchanged worker's row is written again after this long: well within the silence after which it counts as lost. */
const refreshMs = 1_500;

interface Written {
  readonly atMs: number;
  readonly essence: string;
}

/**
 * Keeps the workers' rows in step with their beacons: at once when something changed that leases depend on, else now and then.
 * A row missed while Postgres was away comes with the next beacon. Returns how to end it.
 */
export function keepWorkerRows({ roster, db, log }: { roster: Roster; db: Db; log: Logger }): () => Promise<void> {
  const written = new Map<string, Written>();
  const writing = new Map<string, Promise<void>>();
  let failing = false;

  async function write(beacon: Beacon): Promise<void> {
    try {
      await upsertWorker(db, beacon);
      if (failing) log.info("workers' rows are written again");
      failing = false;
    } catch (error) {
      written.delete(beacon.worker);
      if (!failing) log.warn({ err: error }, "workers' rows cannot be written; trying on with each beacon");
      failing = true;
    }
  }

  const unlisten = roster.listen((beacon, atMs) => {
    const before = written.get(beacon.worker);
    const essence = essenceOf(beacon);
    if (before?.essence === essence && atMs - before.atMs < refreshMs) return;
    if (writing.has(beacon.worker)) return;
    written.set(beacon.worker, { atMs, essence });
    writing.set(
      beacon.worker,
      write(beacon).finally(() => writing.delete(beacon.worker)),
    );
  });
  return async () => {
    unlisten();
    await Promise.all(writing.values());
  };
}

function essenceOf({ incarnation, device, trainer, confirmedDead, draining }: Beacon): string {
  const { run, generation, phase, died } = trainer ?? {};
  return JSON.stringify([incarnation, device, run, generation, phase, died, confirmedDead, draining]);
}

import type { Beacon } from '@tributary/protocol';
import { type Selectable, sql } from 'kysely';
import type { Db } from './database.js';
import type { WorkerTable } from './schema.js';

export type WorkerRow = Selectable<WorkerTable>;

/** What a worker's row takes from its beacon. */
export type WorkerBeacon = Pick<
  Beacon,
  'worker' | 'host' | 'pid' | 'incarnation' | 'sequence' | 'device' | 'trainer' | 'confirmedDead' | 'draining'
>;

/** Records a beacon, by the database's clock. One older than the row's (same incarnation, lower sequence) changes nothing. */
export async function upsertWorker(db: Db, beacon: WorkerBeacon): Promise<void> {
  const row = {
    host: beacon.host,
    pid: beacon.pid,
    incarnation: beacon.incarnation,
    sequence: beacon.sequence,
    description: JSON.stringify(beacon.device),
    trainer: beacon.trainer === null ? null : JSON.stringify(beacon.trainer),
    confirmedDead: JSON.stringify(beacon.confirmedDead),
    draining: beacon.draining,
    seenAt: sql<Date>`now()`,
  };
  await db
    .insertInto('workers')
    .values({ worker: beacon.worker, ...row })
    .onConflict((conflict) =>
      conflict
        .column('worker')
        .doUpdateSet(row)
        .where((eb) =>
          eb.or([eb('workers.incarnation', '!=', beacon.incarnation), eb('workers.sequence', '<', beacon.sequence)]),
        ),
    )
    .execute();
}

/** By name. */
export async function listWorkers(db: Db): Promise<WorkerRow[]> {
  return await db.selectFrom('workers').selectAll().orderBy('worker').execute();
}

/** Keeps a worker from being leased, with the reason; null lifts it. */
export async function quarantineWorker(db: Db, worker: string, reason: string | null): Promise<void> {
  await db.updateTable('workers').set({ quarantined: reason }).where('worker', '=', worker).execute();
}

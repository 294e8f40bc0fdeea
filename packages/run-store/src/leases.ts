import { restingStates, type WorkerId } from '@tributary/protocol';
import { type Selectable, sql } from 'kysely';
import type { Db, Trx } from './database.js';
import { inTransaction } from './in-transaction.js';
import { type AbleWorker, chooseKind, kindSizes } from './lease-choice.js';
import type { LeaseTable } from './schema.js';

export type LeaseRow = Selectable<LeaseTable>;

export interface LeaseRequest {
  readonly run: string;
  /** The fewest workers the run can start with, and the most it takes. */
  readonly min: number;
  readonly max: number;
  /** A worker last seen before this counts as lost. */
  readonly aliveAfter: Date;
}

/** A waiting run that has not asked for this long is passed over (its workflow is gone); it keeps its place. */
export const leaseRequestSilenceMs = 60_000;

/** Any fixed number: all changes of leases take turns on it, so that they can neither deadlock nor see half of another. */
const leaseLock = 7_301_002;

/**
 * Leases between `min` and `max` workers of one kind to a run, all at once, or puts it in the queue.
 *
 * The rule: requests are served strictly in the order of their first asking. Only the first in the queue may take workers, even
 * where a younger one asks for fewer. Passed over, keeping their place, are only requests that could not be served if every
 * living worker were free, and those that have not been asked again for {@link leaseRequestSilenceMs}. So no run starves, and
 * since a run takes all its workers or none, none deadlocks.
 *
 * Free is a worker that is alive, not draining, not quarantined, and not leased; a released one only once its agent has confirmed
 * that the trainer of the lease's generation is dead.
 *
 * @returns the workers, by name; those it holds already where it asks again; null while it must wait
 */
export async function tryLease(db: Db, request: LeaseRequest): Promise<WorkerId[] | null> {
  const { run, min, max, aliveAfter } = request;
  return await inTransaction(db, async (trx) => {
    await takeLeaseLock(trx);
    const held = await heldWorkers(trx, run);
    if (held.length > 0) return held;

    await trx
      .insertInto('leaseRequests')
      .values({ run, minWorkers: min, maxWorkers: max })
      .onConflict((conflict) =>
        conflict.column('run').doUpdateSet({ minWorkers: min, maxWorkers: max, askedAt: sql<Date>`now()` }),
      )
      .execute();
    await forgetConfirmedLeases(trx);

    const able = await ableWorkers(trx, aliveAfter);
    if ((await firstWaiting(trx, able)) !== run) return null;

    const chosen = chooseKind(
      able.filter((worker) => worker.leasedTo === null),
      min,
      max,
    );
    if (!chosen) return null;
    const { requestedAt } = await trx
      .deleteFrom('leaseRequests')
      .where('run', '=', run)
      .returning('requestedAt')
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('leases')
      .values(chosen.map((worker) => ({ worker, run, requestedAt })))
      .execute();
    return chosen as WorkerId[];
  });
}

/** Gives back a run's slots and its place in the queue. Each becomes free when its agent confirms that its trainer is dead. */
export async function releaseLeases(db: Db, run: string): Promise<void> {
  await inTransaction(db, async (trx) => {
    await takeLeaseLock(trx);
    await trx.deleteFrom('leaseRequests').where('run', '=', run).execute();
    await trx
      .updateTable('leases')
      .set({ releasedAt: sql<Date>`now()` })
      .where('run', '=', run)
      .where('releasedAt', 'is', null)
      .execute();
    await forgetConfirmedLeases(trx);
  });
}

/**
 * The reaper: releases what runs at rest, or deleted, still hold (their workflow ended without doing so).
 * @returns the runs it released for
 */
export async function releaseLeasesOfEndedRuns(db: Db): Promise<string[]> {
  return await inTransaction(db, async (trx) => {
    await takeLeaseLock(trx);
    const atRest = trx.selectFrom('runs').select('run').where('state', 'in', restingStates);
    await trx.deleteFrom('leaseRequests').where('run', 'in', atRest).execute();
    const released = await trx
      .updateTable('leases')
      .set({ releasedAt: sql<Date>`now()` })
      .where('releasedAt', 'is', null)
      .where((eb) => eb.or([eb('run', 'in', atRest), eb('run', 'not in', trx.selectFrom('runs').select('run'))]))
      .returning('run')
      .execute();
    await forgetConfirmedLeases(trx);
    return [...new Set(released.map((row) => row.run))].sort();
  });
}

/** The leases that a run holds or has given back without confirmation, by worker. */
export async function leasesOf(db: Db, run: string): Promise<LeaseRow[]> {
  return await db.selectFrom('leases').selectAll().where('run', '=', run).orderBy('worker').execute();
}

/** All leases, by worker. */
export async function listLeases(db: Db): Promise<LeaseRow[]> {
  return await db.selectFrom('leases').selectAll().orderBy('worker').execute();
}

/** Runs that wait for slots, first in the queue first. */
export async function leaseQueue(db: Db): Promise<{ readonly run: string; readonly requestedAt: Date }[]> {
  return await db.selectFrom('leaseRequests').select(['run', 'requestedAt']).orderBy('place').execute();
}

/** Whose turn it is: the first in the queue that is not passed over (see {@link tryLease}). */
export async function firstWaiting(trx: Db, able: readonly AbleWorker[]): Promise<string | null> {
  const largest = Math.max(0, ...kindSizes(able).values());
  const first = await trx
    .selectFrom('leaseRequests as request')
    .innerJoin('runs', 'runs.run', 'request.run')
    .select('request.run')
    .where('runs.state', 'not in', restingStates)
    .where('request.minWorkers', '<=', largest)
    .where('request.askedAt', '>', sql<Date>`now() - make_interval(secs => ${leaseRequestSilenceMs / 1000})`)
    .orderBy('request.place')
    .limit(1)
    .executeTakeFirst();
  return first?.run ?? null;
}

export async function takeLeaseLock(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${leaseLock})`.execute(trx);
}

async function heldWorkers(trx: Trx, run: string): Promise<WorkerId[]> {
  const rows = await trx
    .selectFrom('leases')
    .select('worker')
    .where('run', '=', run)
    .where('releasedAt', 'is', null)
    .orderBy('worker')
    .execute();
  return rows.map((row) => row.worker as WorkerId);
}

/** Removes released leases whose trainer never started or is confirmed dead: those slots are free. */
export async function forgetConfirmedLeases(trx: Trx): Promise<void> {
  await trx
    .deleteFrom('leases')
    .using('workers')
    .whereRef('workers.worker', '=', 'leases.worker')
    .where('leases.releasedAt', 'is not', null)
    .where((eb) =>
      eb.or([
        eb('leases.generation', 'is', null),
        eb(
          sql<number>`coalesce((workers.confirmed_dead ->> leases.run)::integer, 0)`,
          '>=',
          eb.ref('leases.generation'),
        ),
      ]),
    )
    .execute();
}

/** Workers that could be leased if nobody held them, by name. */
export async function ableWorkers(trx: Db, aliveAfter: Date): Promise<AbleWorker[]> {
  const rows = await trx
    .selectFrom('workers')
    .leftJoin('leases', 'leases.worker', 'workers.worker')
    .select(['workers.worker', 'workers.description', 'leases.run as leasedTo'])
    .where('workers.seenAt', '>', aliveAfter)
    .where('workers.draining', '=', false)
    .where('workers.quarantined', 'is', null)
    .orderBy('workers.worker')
    .execute();
  return rows.map(({ worker, description, leasedTo }) => ({ worker, device: description, leasedTo }));
}

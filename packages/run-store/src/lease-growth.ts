import { beaconSilenceMs, type DeviceDescription, type WorkerId } from '@tributary/protocol';
import { sql } from 'kysely';
import type { Db } from './database.js';
import { newestGeneration } from './generations.js';
import { inTransaction } from './in-transaction.js';
import { type AbleWorker, commonKind, workerKind } from './lease-choice.js';
import { ableWorkers, firstWaiting, forgetConfirmedLeases, takeLeaseLock } from './leases.js';

export interface LeaseTopUp {
  readonly run: string;
  /** The most workers that the run takes now. */
  readonly wanted: number;
  /** Workers that answer and do not leave, as the caller hears them. */
  readonly answering: readonly string[];
  /** The run's newest generation; while its row is missing, nothing more is taken. */
  readonly generation: number;
  /** A free worker last seen before this counts as lost. */
  readonly aliveAfter: Date;
}

/**
 * Takes free workers, of the kind that a run holds, up to the number that it wants; waits for none, and takes none while another
 * run waits that could be served. What the run holds and should not use stays leased: {@link recordGeneration} gives it back once
 * a generation has begun without it.
 * @returns the workers that the run may use now, by name: those it holds that answer, first, and those taken
 */
export async function topUpLease(db: Db, topUp: LeaseTopUp): Promise<WorkerId[]> {
  const { run, wanted, generation, aliveAfter } = topUp;
  const answering = new Set(topUp.answering);
  return await inTransaction(db, async (trx) => {
    await takeLeaseLock(trx);
    await forgetConfirmedLeases(trx);
    const held = await heldBy(trx, run);
    const usable = held.filter(({ worker, quarantined }) => answering.has(worker) && quarantined === null);
    const kind = commonKind(usable.length > 0 ? usable : held);
    const kept = usable.filter(({ device }) => workerKind(device) === kind).map(({ worker }) => worker);
    const room = wanted - kept.length;
    const behind = (await newestGeneration(trx, run)) < generation;
    const able = room > 0 && !behind ? await ableWorkers(trx, aliveAfter) : [];
    const taken = (await growsNow(trx, run, able))
      ? able.filter((worker) => worker.leasedTo === null && workerKind(worker.device) === kind).slice(0, room)
      : [];
    if (taken.length > 0)
      await trx
        .insertInto('leases')
        .values(taken.map(({ worker }) => ({ worker, run, requestedAt: sql<Date>`now()` })))
        .execute();
    return [...kept.slice(0, wanted), ...taken.map(({ worker }) => worker)].sort() as WorkerId[];
  });
}

export interface OfferQuery {
  /** The run's generation that trains now; while its row is missing, nothing is offered. */
  readonly generation?: number;
  /** A worker last seen before this counts as lost; default: {@link beaconSilenceMs} ago. */
  readonly aliveAfter?: Date;
}

/**
 * The workers that a training run could have beside its members, up to the number that it wants in all: free ones of their kind
 * while no other run waits, and those that it holds but that its newest generation does not name (they are back). By name.
 */
export async function freeWorkersFor(db: Db, run: string, wanted: number, query: OfferQuery = {}): Promise<WorkerId[]> {
  const { generation = 0, aliveAfter = new Date(Date.now() - beaconSilenceMs) } = query;
  return await inTransaction(db, async (trx) => {
    await takeLeaseLock(trx);
    await forgetConfirmedLeases(trx);
    const newest = await newestGeneration(trx, run);
    if (newest < generation) return [];
    const held = await heldBy(trx, run);
    const members = held.filter((worker) => worker.generation === newest);
    const idle = new Set(held.filter((worker) => !members.includes(worker)).map(({ worker }) => worker));
    const room = wanted - members.length;
    if (members.length === 0 || room <= 0) return [];
    const kind = commonKind(members);
    const able = await ableWorkers(trx, aliveAfter);
    const grows = await growsNow(trx, run, able);
    return able
      .filter(({ device }) => workerKind(device) === kind)
      .filter(({ worker, leasedTo }) => idle.has(worker) || (grows && leasedTo === null))
      .map(({ worker }) => worker as WorkerId)
      .slice(0, room);
  });
}

/** No run grows while another one waits. */
async function growsNow(trx: Db, run: string, able: readonly AbleWorker[]): Promise<boolean> {
  const first = await firstWaiting(trx, able);
  return first === null || first === run;
}

interface HeldWorker {
  readonly worker: string;
  readonly generation: number | null;
  readonly device: DeviceDescription;
  readonly quarantined: string | null;
}

/** The workers that a run holds and has not given back, by name. */
async function heldBy(trx: Db, run: string): Promise<HeldWorker[]> {
  return await trx
    .selectFrom('leases')
    .innerJoin('workers', 'workers.worker', 'leases.worker')
    .select(['leases.worker', 'leases.generation', 'workers.description as device', 'workers.quarantined'])
    .where('leases.run', '=', run)
    .where('leases.releasedAt', 'is', null)
    .orderBy('leases.worker')
    .execute();
}

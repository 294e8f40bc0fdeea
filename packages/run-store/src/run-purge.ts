import { isResting, type ObjectStore, restingStates, TributaryError } from '@tributary/protocol';
import { sql } from 'kysely';
import type { Db, Trx } from './database.js';
import { runNotFound } from './run-not-found.js';
import { stepsAwaitedFrom } from './runs.js';

/** Rows that one transaction of a purge deletes at most, of one table. */
const defaultBatchRows = 20_000;

/**
 * Gives runs up: no reader finds them from now on, and {@link purgeRun} takes what they hold. All of them or none; those that are
 * given up already are passed over.
 * @returns the runs that this call gave up
 * @throws TributaryError `RUN_NOT_FOUND`; `RUN_STATE_CONFLICT` where one is not at rest, or a queued run is to begin with one of its checkpoints
 */
export async function giveUpRuns(db: Db, runs: readonly string[]): Promise<string[]> {
  if (runs.length === 0) return [];
  return await db.transaction().execute(async (trx) => {
    const found = await trx
      .selectFrom('runs')
      .select(['run', 'state', 'deletedAt'])
      .where('run', 'in', runs)
      .orderBy('run')
      .forUpdate()
      .execute();
    const known = new Map(found.map((row) => [row.run, row]));
    for (const run of runs) {
      const row = known.get(run);
      if (row === undefined) throw runNotFound(run);
      if (row.deletedAt === null && !isResting(row.state))
        throw new TributaryError(
          'RUN_STATE_CONFLICT',
          `Run ${run} is ${row.state}; only a run that is ${restingStates.join(', ')} can be deleted. End it first: npx tributary cancel ${run}`,
        );
    }
    const fresh = found.filter(({ deletedAt }) => deletedAt === null).map(({ run }) => run);
    for (const run of fresh) {
      const [waiting] = (await stepsAwaitedFrom(trx, run)).filter((other) => !fresh.includes(other.run));
      if (waiting !== undefined)
        throw new TributaryError(
          'RUN_STATE_CONFLICT',
          `Run ${run} cannot be deleted yet: run ${waiting.run} is queued and begins with its checkpoint of step ${waiting.step}; wait until that one runs, or cancel it: npx tributary cancel ${waiting.run}`,
        );
    }
    if (fresh.length > 0)
      await trx.updateTable('runs').set({ deletedAt: sql<Date>`now()` }).where('run', 'in', fresh).execute();
    return fresh;
  });
}

/** Runs that are given up and still hold something, oldest first. */
export async function runsGivenUp(db: Db, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('runs')
    .select('run')
    .where('deletedAt', 'is not', null)
    .orderBy('deletedAt')
    .orderBy('run')
    .limit(limit)
    .execute();
  return rows.map(({ run }) => run);
}

/** How many runs are given up and still hold something. */
export async function countRunsGivenUp(db: Db): Promise<number> {
  const { total } = await db
    .selectFrom('runs')
    .select((eb) => eb.fn.countAll<string>().as('total'))
    .where('deletedAt', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(total);
}

export interface PurgeOptions {
  /** Default 20,000. */
  readonly batchRows?: number;
  /** After each batch; when it is aborted, a later purge goes on. */
  readonly signal?: AbortSignal;
  /** Told after each batch how many rows it deleted. */
  readonly onBatch?: (rows: number) => void | Promise<void>;
}

/**
 * Deletes what a given-up run holds: its checkpoints' objects, then its rows in bounded transactions, then itself. Memory stays
 * the same however long the run was. Interrupted anywhere it can be called again; two at once do the work once.
 * @returns whether the run is gone
 */
export async function purgeRun(
  db: Db,
  objects: Pick<ObjectStore, 'list' | 'delete'>,
  run: string,
  options: PurgeOptions = {},
): Promise<boolean> {
  const { batchRows = defaultBatchRows, signal, onBatch } = options;
  for (const key of await objects.list(`checkpoints/${run}/`)) {
    if (signal?.aborted) return false;
    await objects.delete(key);
  }
  for (;;) {
    if (signal?.aborted) return false;
    const { rows, gone } = await db.transaction().execute(async (trx) => {
      // Recorders hold a lock on the runs that they write to: none adds rows to a run that goes away here.
      const row = await trx
        .selectFrom('runs')
        .select('run')
        .where('run', '=', run)
        .where('deletedAt', 'is not', null)
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) return { rows: 0, gone: true };
      const deleted = await deleteSome(trx, run, batchRows);
      if (deleted > 0) return { rows: deleted, gone: false };
      await trx.deleteFrom('runs').where('run', '=', run).execute();
      return { rows: 1, gone: true };
    });
    await onBatch?.(rows);
    if (gone) return true;
  }
}

/** Deletes up to so many rows of the first table that has any, and with a series' last points the series. @returns how many */
async function deleteSome(trx: Trx, run: string, limit: number): Promise<number> {
  return (
    (await deleteSeries(trx, run, limit)) ||
    (await deleteMatrices(trx, run, limit)) ||
    (await deleteOwned(trx, run, limit))
  );
}

async function deleteSeries(trx: Trx, run: string, limit: number): Promise<number> {
  let deleted = 0;
  for (;;) {
    const series = await trx
      .selectFrom('series')
      .select(['id', 'kind', 'firstStep'])
      .where('run', '=', run)
      .orderBy('subject')
      .orderBy('series')
      .orderBy('kind')
      .limit(100)
      .execute();
    if (series.length === 0) return deleted;
    for (const { id, kind, firstStep } of series) {
      const table = kind === 'point' ? 'points' : 'timings';
      const room = limit - deleted;
      if (room <= 0) return deleted;
      const rows = await deleteUpTo(trx, table, id, firstStep ?? 0, room);
      deleted += rows.deleted;
      if (rows.next !== null) {
        // Where to go on: the index entries before it are dead, and would be read again by every batch.
        await trx.updateTable('series').set({ firstStep: rows.next }).where('id', '=', id).execute();
        return deleted;
      }
      await trx.deleteFrom('series').where('id', '=', id).execute();
      deleted += 1;
    }
  }
}

/** From a step on, whole steps. @returns how many rows, and the step to go on from */
async function deleteUpTo(
  trx: Trx,
  table: 'points' | 'timings',
  seriesId: number,
  from: number,
  limit: number,
): Promise<{ readonly deleted: number; readonly next: number | null }> {
  const beyond = await trx
    .selectFrom(table)
    .select('step')
    .where('seriesId', '=', seriesId)
    .where('step', '>=', from)
    .orderBy('step')
    .offset(limit)
    .limit(1)
    .executeTakeFirst();
  let query = trx.deleteFrom(table).where('seriesId', '=', seriesId);
  // Always some: of a step with more timings than the limit, all.
  const until = beyond === undefined ? undefined : Math.max(beyond.step, from + 1);
  if (until !== undefined) query = query.where('step', '>=', from).where('step', '<', until);
  const { numDeletedRows } = await query.executeTakeFirstOrThrow();
  return { deleted: Number(numDeletedRows), next: until ?? null };
}

async function deleteMatrices(trx: Trx, run: string, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from gram_matrices where (group_id, step) in (
      select stored.group_id, stored.step from matrix_groups groups join gram_matrices stored on stored.group_id = groups.id
      where groups.run = ${run} limit ${limit}
    )`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/** Tables with many rows of a run, beside those above; what is left goes with the run. */
const ownedTables = ['snapshot_hashes', 'samples', 'divergences', 'lineage', 'member_ends', 'generations'] as const;

async function deleteOwned(trx: Trx, run: string, limit: number): Promise<number> {
  const ledger = await sql`
    delete from ledger where (run_id, step, lane) in (
      select stored.run_id, stored.step, stored.lane from ledger_runs numbers join ledger stored on stored.run_id = numbers.id
      where numbers.run = ${run} limit ${limit}
    )`.execute(trx);
  if (Number(ledger.numAffectedRows) > 0) return Number(ledger.numAffectedRows);
  for (const table of ownedTables) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where ctid in (select ctid from ${sql.table(table)} where run = ${run} limit ${limit})`.execute(
      trx,
    );
    if (Number(numAffectedRows) > 0) return Number(numAffectedRows);
  }
  return 0;
}

import { type Selectable, sql } from 'kysely';
import type { Db } from './database.js';
import type { LedgerTable, SnapshotHashTable } from './schema.js';

export type LedgerRow = Omit<Selectable<LedgerTable>, 'runId'>;

export interface SnapshotHashRow extends Omit<Selectable<SnapshotHashTable>, 'run' | 'stateHash'> {
  /** SHA-256 in hex. */
  readonly stateHash: string;
}

/** First and last step; default: all. */
export interface StepRange {
  readonly from?: number;
  readonly to?: number;
}

export interface LedgerOptions extends StepRange {
  /** At most so many steps, each with all of its lanes; default all. */
  readonly steps?: number;
}

/** The largest int4. */
const lastStep = 0x7fffffff;

/** Which batches each lane read at each step, by step and lane, and which generation recorded it first. */
export async function ledgerOf(db: Db, run: string, options: LedgerOptions = {}): Promise<LedgerRow[]> {
  const { from = 0, to = lastStep, steps } = options;
  const found = await db.selectFrom('ledgerRuns').select('id').where('run', '=', run).executeTakeFirst();
  if (!found) return [];
  const last = steps === undefined ? to : await lastOfPage(db, found.id, { from, to, steps });
  return await db
    .selectFrom('ledger')
    .select(['step', 'lane', 'generation', 'epoch', 'position', 'microbatches'])
    .where('runId', '=', found.id)
    .where('step', '>=', from)
    .where('step', '<=', last)
    .orderBy('step')
    .orderBy('lane')
    .execute();
}

/** The step that ends a page of so many recorded steps. Hops over the index from step to step: lanes of a step may be many. */
async function lastOfPage(
  db: Db,
  runId: number,
  { from, to, steps }: { readonly from: number; readonly to: number; readonly steps: number },
): Promise<number> {
  const { rows } = await sql<{ last: number | null }>`
    with recursive page (step, place) as (
      select (select min(step) from ledger where run_id = ${runId} and step between ${from} and ${to}), 1
      union all
      select (select min(step) from ledger where run_id = ${runId} and step > page.step and step <= ${to}), place + 1
      from page where page.step is not null and place < ${steps}
    ) select max(step) as last from page`.execute(db);
  return rows[0]?.last ?? -1;
}

/** State hashes of the parts of a run's snapshots, by step and part, and which generation recorded each first. */
export async function snapshotHashesOf(db: Db, run: string, range: StepRange = {}): Promise<SnapshotHashRow[]> {
  const { from = 0, to = lastStep } = range;
  return await db
    .selectFrom('snapshotHashes')
    .select(['step', 'part', 'generation', sql<string>`encode(state_hash, 'hex')`.as('stateHash')])
    .where('run', '=', run)
    .where('step', '>=', from)
    .where('step', '<=', to)
    .orderBy('step')
    .orderBy('part')
    .execute();
}

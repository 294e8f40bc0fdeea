import type { GenerationOutcome, GenerationTime, Member, RecoveryCause } from '@tributary/protocol';
import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Db } from './database.js';
import { inTransaction } from './in-transaction.js';
import { forgetConfirmedLeases, takeLeaseLock } from './leases.js';
import type { GenerationTable } from './schema.js';

export type GenerationRow = Selectable<GenerationTable>;

export interface NewGeneration {
  readonly run: string;
  readonly attempt: number;
  readonly generation: number;
  readonly members: readonly Member[];
  /** Steps already done where it starts. */
  readonly resumeStep: number;
  /** Why the one before ended; null for an attempt's first. */
  readonly reason: string | null;
  /** Default now. */
  readonly openedAt?: Date;
}

export interface GenerationEnding {
  readonly run: string;
  readonly generation: number;
  readonly outcome: GenerationOutcome['kind'];
  readonly reason: string | null;
  /** Default now. */
  readonly endedAt?: Date;
  /** What its time went to; default: what was known while it went on. */
  readonly time?: GenerationTime | undefined;
  /** What the next one recovers from. */
  readonly recovery?: RecoveryCause | null;
}

/**
 * Records a generation and, on the leases of the workers that it names, that a trainer of it may live there. What else the run
 * holds is given back: workers that were lost, that leave or that are more than wanted. Each becomes free when its agent has
 * confirmed that the trainer of the last generation that named it is dead. Recording it again changes nothing.
 */
export async function recordGeneration(db: Db, generation: NewGeneration): Promise<void> {
  const { members, ...row } = generation;
  const named = members.map((member) => member.worker);
  await inTransaction(db, async (trx) => {
    await takeLeaseLock(trx);
    const inserted = await trx
      .insertInto('generations')
      .values({ ...row, members: JSON.stringify(members), waitedMs: waitedBefore(row.run, named) })
      .onConflict((conflict) => conflict.doNothing())
      .returning('generation')
      .executeTakeFirst();
    const leases = trx.updateTable('leases').where('run', '=', row.run);
    if (named.length > 0)
      await leases
        .set({ generation: sql<number>`greatest(generation, ${row.generation}::integer)` })
        .where('worker', 'in', named)
        .execute();
    // A later generation may use others: only the newest one tells which are not needed.
    if (!inserted || (await newestGeneration(trx, row.run)) > row.generation) return;
    const others = named.length > 0 ? leases.where('worker', 'not in', named) : leases;
    await others.set({ releasedAt: sql<Date>`now()` }).where('releasedAt', 'is', null).execute();
    await forgetConfirmedLeases(trx);
  });
}

/** How long the run waited for the slots of its next generation: those that it has had since the one before. */
function waitedBefore(run: string, workers: readonly string[]): RawBuilder<number> {
  return sql<number>`coalesce((
    select max(extract(epoch from leased_at - requested_at) * 1000)::integer from leases
    where leases.run = ${run} and worker = any(${workers}::text[]) and released_at is null
      and leased_at > coalesce((select max(opened_at) from generations as earlier where earlier.run = ${run}), '-infinity')
  ), 0)`;
}

/** Records how a generation ended; the first outcome stays. */
export async function endGeneration(db: Db, end: GenerationEnding): Promise<void> {
  const { run, generation, outcome, reason, endedAt, time, recovery = null } = end;
  await db
    .updateTable('generations')
    .set({
      outcome,
      outcomeReason: reason,
      endedAt: endedAt ?? sql<Date>`now()`,
      recovery,
      ...(time === undefined ? {} : { time: JSON.stringify(time) }),
    })
    .where('run', '=', run)
    .where('generation', '=', generation)
    .where('endedAt', 'is', null)
    .execute();
}

/** The highest generation of a run over all its attempts; 0 before the first. */
export async function newestGeneration(db: Db, run: string): Promise<number> {
  const row = await db
    .selectFrom('generations')
    .select((eb) => eb.fn.max('generation').as('generation'))
    .where('run', '=', run)
    .executeTakeFirst();
  return row?.generation ?? 0;
}

/** Oldest first. */
export async function generationsOf(db: Db, run: string): Promise<GenerationRow[]> {
  return await db.selectFrom('generations').selectAll().where('run', '=', run).orderBy('generation').execute();
}

/**
 * Of each run, the generations after a given one.
 * @param after run → generation
 */
export async function laterGenerations(
  db: Db,
  after: ReadonlyMap<string, number>,
): Promise<Pick<GenerationRow, 'run' | 'generation' | 'resumeStep'>[]> {
  if (after.size === 0) return [];
  const { rows } = await sql<Pick<GenerationRow, 'run' | 'generation' | 'resumeStep'>>`
    select later.run, later.generation, later.resume_step as "resumeStep"
    from unnest(${[...after.keys()]}::text[], ${[...after.values()]}::integer[]) as known (run, generation)
    join generations later on later.run = known.run and later.generation > known.generation`.execute(db);
  return rows;
}

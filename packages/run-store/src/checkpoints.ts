import { createHash } from 'node:crypto';
import { type CheckpointManifest, type CheckpointPart, checkpointStateText } from '@tributary/protocol';
import { type Selectable, sql } from 'kysely';
import type { Db } from './database.js';
import type { DivergenceRow } from './history.js';
import { inTransaction } from './in-transaction.js';
import type { CheckpointPartTable, CheckpointTable } from './schema.js';

export type CheckpointRow = Omit<Selectable<CheckpointTable>, 'deletedAt'>;
export type CheckpointPartRow = Selectable<CheckpointPartTable>;

/**
 * Records a verified part. Parts of one generation make a checkpoint; recording one again changes nothing.
 * @returns the manifest to commit, once every part of this generation is there and the step has no checkpoint yet; again on a
 *   repeated call until it is committed
 */
export async function addCheckpointPart(db: Db, part: CheckpointPart): Promise<CheckpointManifest | null> {
  return await inTransaction(db, async (trx) => {
    const known = await trx
      .selectFrom('runs')
      .select('run')
      .where('run', '=', part.run)
      .where('deletedAt', 'is', null)
      .forUpdate()
      .executeTakeFirst();
    if (!known) return null;
    await trx
      .insertInto('checkpointParts')
      .values({ ...part, parts: JSON.stringify(part.parts) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const committed = await trx
      .selectFrom('checkpoints')
      .select('step')
      .where('run', '=', part.run)
      .where('step', '=', part.step)
      .executeTakeFirst();
    if (committed) return null;
    const rows = await trx
      .selectFrom('checkpointParts')
      .selectAll()
      .where('run', '=', part.run)
      .where('step', '=', part.step)
      .where('generation', '=', part.generation)
      .execute();
    return manifestOf(part, rows);
  });
}

function manifestOf(part: CheckpointPart, rows: readonly CheckpointPartRow[]): CheckpointManifest | null {
  const parts: CheckpointManifest['parts'][number][] = [];
  for (const name of part.parts) {
    const row = rows.find((candidate) => candidate.part === name);
    if (!row) return null;
    const { key, sizeBytes, sha256, stateHash } = row;
    parts.push({ part: name, key, sizeBytes, sha256, stateHash });
  }
  return {
    format: 'tributary-checkpoint/1',
    run: part.run,
    attempt: part.attempt,
    step: part.step,
    stateHash: createHash('sha256').update(checkpointStateText(parts)).digest('hex'),
    parts,
  };
}

/**
 * Makes a checkpoint exist, and its state hash the run's where it is the newest. Idempotent by (run, step): the first stays.
 * @returns whether this call committed it
 */
export async function commitCheckpoint(db: Db, manifest: CheckpointManifest): Promise<boolean> {
  return await inTransaction(db, async (trx) => {
    const known = await trx
      .selectFrom('runs')
      .select('run')
      .where('run', '=', manifest.run)
      .where('deletedAt', 'is', null)
      .forUpdate()
      .executeTakeFirst();
    if (!known) return false;
    const row = await trx
      .insertInto('checkpoints')
      .values({
        run: manifest.run,
        step: manifest.step,
        attempt: manifest.attempt,
        stateHash: manifest.stateHash,
        sizeBytes: manifest.parts.reduce((sum, part) => sum + part.sizeBytes, 0),
        manifest: JSON.stringify(manifest),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('run')
      .executeTakeFirst();
    if (!row) return false;
    const newest = await trx
      .selectFrom('checkpoints')
      .select(['step', 'stateHash'])
      .where('run', '=', manifest.run)
      .orderBy('step', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    await trx
      .updateTable('runs')
      .set({ stateHash: newest.stateHash, step: sql<number>`greatest(step, ${newest.step}::integer)` })
      .where('run', '=', manifest.run)
      .execute();
    return true;
  });
}

/**
 * Gives a run the copy of another run's checkpoint: its parts and, committed, the checkpoint itself. The parts count as those of
 * generation 0, before the run's first.
 * @throws TypeError where the run has a checkpoint of this step already
 */
export async function adoptCheckpoint(db: Db, manifest: CheckpointManifest): Promise<void> {
  const { run, attempt, step, parts } = manifest;
  await inTransaction(db, async (trx) => {
    const names = JSON.stringify(parts.map(({ part }) => part));
    await trx
      .insertInto('checkpointParts')
      .values(parts.map((part) => ({ ...part, run, attempt, step, generation: 0, parts: names })))
      .execute();
    if (!(await commitCheckpoint(trx, manifest)))
      throw new TypeError(`run ${run} has a checkpoint of step ${step} already, or does not exist`);
  });
}

/** Committed checkpoints, newest (highest step) first. */
export async function listCheckpoints(db: Db, run: string): Promise<CheckpointRow[]> {
  return await db
    .selectFrom('checkpoints')
    .select(['run', 'step', 'attempt', 'stateHash', 'sizeBytes', 'manifest', 'committedAt'])
    .where('run', '=', run)
    .where('deletedAt', 'is', null)
    .orderBy('step', 'desc')
    .execute();
}

/** Hides a checkpoint from every reader. Its objects may be deleted then, and {@link forgetCheckpoints} ends it. */
export async function deleteCheckpoint(db: Db, run: string, step: number): Promise<void> {
  await db
    .updateTable('checkpoints')
    .set({ deletedAt: sql<Date>`now()` })
    .where('run', '=', run)
    .where('step', '=', step)
    .where('deletedAt', 'is', null)
    .execute();
}

/**
 * Parts whose objects nobody needs: those of deleted checkpoints, those of a step that was committed with others (a later generation
 * saved it again), and those of checkpoints below the newest that are not whole (a generation died half-way).
 * @param settledBelow parts of checkpoints from this step on may still be announced; left out: none will be
 */
export async function unneededParts(
  db: Db,
  run: string,
  { settledBelow }: { readonly settledBelow?: number } = {},
): Promise<CheckpointPartRow[]> {
  return await db
    .selectFrom('checkpointParts as part')
    .leftJoin('checkpoints as checkpoint', (join) =>
      join.onRef('checkpoint.run', '=', 'part.run').onRef('checkpoint.step', '=', 'part.step'),
    )
    .selectAll('part')
    .where('part.run', '=', run)
    .where((eb) =>
      eb(
        'part.step',
        '<=',
        eb
          .selectFrom('checkpoints')
          .select((c) => c.fn.max('step').as('step'))
          .where('run', '=', run),
      ),
    )
    .where((eb) =>
      eb.or([
        eb('checkpoint.deletedAt', 'is not', null),
        eb.and([
          ...(settledBelow === undefined
            ? []
            : [eb.or([eb('checkpoint.step', 'is not', null), eb('part.step', '<', settledBelow)])]),
          sql<boolean>`not exists (select from jsonb_array_elements(checkpoint.manifest -> 'parts') as kept where kept ->> 'key' = part.key)`,
        ]),
      ]),
    )
    .orderBy('part.step')
    .orderBy('part.generation')
    .orderBy('part.part')
    .execute();
}

/** Steps of deleted checkpoints whose rows still stand. */
export async function deletedCheckpoints(db: Db, run: string): Promise<number[]> {
  const rows = await db
    .selectFrom('checkpoints')
    .select('step')
    .where('run', '=', run)
    .where('deletedAt', 'is not', null)
    .orderBy('step')
    .execute();
  return rows.map((row) => row.step);
}

/** Removes rows of parts, and of deleted checkpoints, whose objects are gone. */
export async function forgetCheckpoints(
  db: Db,
  run: string,
  gone: { readonly steps: readonly number[]; readonly partKeys: readonly string[] },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    if (gone.partKeys.length > 0)
      await trx.deleteFrom('checkpointParts').where('run', '=', run).where('key', 'in', gone.partKeys).execute();
    if (gone.steps.length > 0)
      await trx
        .deleteFrom('checkpoints')
        .where('run', '=', run)
        .where('step', 'in', gone.steps)
        .where('deletedAt', 'is not', null)
        .execute();
  });
}

/**
 * Compares a part with that of the checkpoint committed at its step, and records a differing state as a divergence.
 * @returns the divergence, or null where the states are equal or there is no such checkpoint
 */
export async function recordDivergedPart(db: Db, part: CheckpointPart): Promise<DivergenceRow | null> {
  const committed = await db
    .selectFrom('checkpoints')
    .select('manifest')
    .where('run', '=', part.run)
    .where('step', '=', part.step)
    .executeTakeFirst();
  const recorded = committed?.manifest.parts.find((one) => one.part === part.part);
  if (!recorded || recorded.stateHash === part.stateHash) return null;
  const { run, step, generation, attempt } = part;
  const row = await db
    .insertInto('divergences')
    .values({
      run,
      subject: 'run',
      series: `state_hash.${part.part}`,
      step,
      generation,
      attempt,
      recorded: recorded.stateHash,
      redone: part.stateHash,
    })
    .onConflict((conflict) =>
      conflict.columns(['run', 'subject', 'series', 'step', 'generation']).doUpdateSet({ redone: part.stateHash }),
    )
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

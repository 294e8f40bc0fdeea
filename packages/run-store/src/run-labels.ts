import { sql } from 'kysely';
import type { Db } from './database.js';
import { inTransaction } from './in-transaction.js';
import { runNotFound } from './run-not-found.js';
import { runParams } from './run-params.js';

/** Makes the run's parameters those of this run file. */
export async function writeParams(db: Db, run: string, spec: object): Promise<void> {
  const params = runParams(spec);
  await inTransaction(db, async (trx) => {
    await trx.deleteFrom('runParams').where('run', '=', run).execute();
    if (params.length > 0)
      await trx
        .insertInto('runParams')
        .values(params.map((param) => ({ run, ...param })))
        .execute();
  });
}

/** Sets tags; others stay. */
export async function writeTags(db: Db, run: string, tags: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(tags);
  if (entries.length === 0) return;
  await db
    .insertInto('runTags')
    .values(entries.map(([key, value]) => ({ run, key, value })))
    .onConflict((conflict) =>
      conflict.columns(['run', 'key']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
    )
    .execute();
}

/** What to change of a run's tags. */
export interface TagChanges {
  readonly set?: Readonly<Record<string, string>>;
  /** Keys; one that is not there is no mistake. */
  readonly remove?: readonly string[];
}

/** Removes and sets tags. @returns all that the run has then @throws TributaryError `RUN_NOT_FOUND` */
export async function changeTags(
  db: Db,
  run: string,
  { set = {}, remove = [] }: TagChanges,
): Promise<Record<string, string>> {
  return await inTransaction(db, async (trx) => {
    const known = await trx
      .selectFrom('runs')
      .select('run')
      .where('run', '=', run)
      .where('deletedAt', 'is', null)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!known) throw runNotFound(run);
    if (remove.length > 0) await trx.deleteFrom('runTags').where('run', '=', run).where('key', 'in', remove).execute();
    await writeTags(trx, run, set);
    return await tagsOf(trx, run);
  });
}

/** By key. */
export async function tagsOf(db: Db, run: string): Promise<Record<string, string>> {
  const rows = await db.selectFrom('runTags').select(['key', 'value']).where('run', '=', run).orderBy('key').execute();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

/** Parameters by key, as the run file writes them. */
export async function paramsOf(db: Db, run: string): Promise<Record<string, string>> {
  const rows = await db
    .selectFrom('runParams')
    .select(['key', 'value'])
    .where('run', '=', run)
    .orderBy('key')
    .execute();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

/** @param note null: none @throws TributaryError `RUN_NOT_FOUND` */
export async function setNote(db: Db, run: string, note: string | null): Promise<void> {
  const updated = await db
    .updateTable('runs')
    .set({ note })
    .where('run', '=', run)
    .where('deletedAt', 'is', null)
    .returning('run')
    .executeTakeFirst();
  if (!updated) throw runNotFound(run);
}

/**
 * Takes runs out of lists, or puts them back; nothing else changes. All of them or, where one is unknown, none.
 * @returns those that changed
 * @throws TributaryError `RUN_NOT_FOUND`
 */
export async function setArchived(db: Db, runs: readonly string[], archived: boolean): Promise<string[]> {
  if (runs.length === 0) return [];
  return await inTransaction(db, async (trx) => {
    const found = await trx
      .selectFrom('runs')
      .select(['run', 'archivedAt'])
      .where('run', 'in', runs)
      .where('deletedAt', 'is', null)
      .orderBy('run')
      .forNoKeyUpdate()
      .execute();
    const known = new Set(found.map(({ run }) => run));
    const missing = runs.find((run) => !known.has(run));
    if (missing !== undefined) throw runNotFound(missing);
    const changed = found.filter(({ archivedAt }) => (archivedAt !== null) !== archived).map(({ run }) => run);
    if (changed.length > 0)
      await trx
        .updateTable('runs')
        .set({ archivedAt: archived ? sql<Date>`now()` : null })
        .where('run', 'in', changed)
        .execute();
    return changed;
  });
}

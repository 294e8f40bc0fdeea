import type { Db, Trx } from './database.js';

/** Runs in the caller's transaction where there is one, else in its own. */
export async function inTransaction<T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> {
  return db.isTransaction ? await work(db as Trx) : await db.transaction().execute(work);
}

import type { Db } from '../database.js';
import { runNotFound } from '../run-not-found.js';
import type { RunRow } from '../runs.js';

/** Runs in the order of their names. @throws TributaryError `RUN_NOT_FOUND` for the first that there is not */
export async function requiredRuns(db: Db, names: readonly string[]): Promise<RunRow[]> {
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('run', 'in', [...new Set(names)])
    .where('deletedAt', 'is', null)
    .execute();
  const found = new Map(rows.map((row) => [row.run, row as RunRow]));
  return names.map((name) => {
    const row = found.get(name);
    if (!row) throw runNotFound(name);
    return row;
  });
}

/** Whether all runs have the same state hash; null where one has none. */
export function equalStateHash(runs: readonly Pick<RunRow, 'stateHash'>[]): boolean | null {
  if (runs.some(({ stateHash }) => stateHash === null)) return null;
  return new Set(runs.map(({ stateHash }) => stateHash)).size === 1;
}

import { type Condition, namesArchived } from '@tributary/filter';
import { sql } from 'kysely';
import type { Db } from '../database.js';
import { conditionExpression } from './condition-expression.js';

/** The ids of all runs that a filter is true of, in their order; archived ones where it says `archived`, as in lists. */
export async function matchingRuns(db: Db, filter: Condition): Promise<string[]> {
  const shown = namesArchived(filter) ? sql`true` : sql`runs.archived_at is null`;
  const { rows } = await sql<{ run: string }>`
    select runs.run from runs
    where runs.deleted_at is null and ${shown} and ${conditionExpression(filter, Date.now())}
    order by runs.run`.execute(db);
  return rows.map(({ run }) => run);
}

import { sql } from 'kysely';
import type { Db } from './database.js';

/** How the database does, by Postgres's own statistics views. */
export interface PostgresFigures {
  /** Connections to this database by `active`, `idle`, `idle in transaction`, …; `unknown` where the user may not see it. */
  readonly connections: Readonly<Record<string, number>>;
  /** That the server allows in all. */
  readonly connectionsLimit: number;
  readonly databaseBytes: number;
  /** Age of the oldest transaction that is open in this database, this one's left out; 0 for none. */
  readonly oldestTransactionSeconds: number;
  readonly committed: number;
  readonly rolledBack: number;
  readonly deadlocks: number;
  /** Blocks found in memory, and those that were not. */
  readonly blocksHit: number;
  readonly blocksRead: number;
}

export async function postgresFigures(db: Db): Promise<PostgresFigures> {
  const { rows: sessions } = await sql<{ state: string; sessions: number; oldestSeconds: number | null }>`
    select coalesce(state, 'unknown') as state, count(*)::integer as sessions,
      max(extract(epoch from clock_timestamp() - xact_start)) filter (where pid <> pg_backend_pid())::float8 as "oldestSeconds"
    from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend'
    group by 1`.execute(db);
  const { rows } = await sql<Omit<PostgresFigures, 'connections' | 'oldestTransactionSeconds'>>`
    select current_setting('max_connections')::integer as "connectionsLimit",
      pg_database_size(datname) as "databaseBytes", xact_commit as committed, xact_rollback as "rolledBack", deadlocks,
      blks_hit as "blocksHit", blks_read as "blocksRead"
    from pg_stat_database where datname = current_database()`.execute(db);
  const [database] = rows;
  if (database === undefined) throw new Error('Postgres has no statistics of its own database');
  return {
    ...database,
    connections: Object.fromEntries(sessions.map(({ state, sessions: count }) => [state, count])),
    oldestTransactionSeconds: Math.max(0, ...sessions.map(({ oldestSeconds }) => oldestSeconds ?? 0)),
  };
}

import { TributaryError } from '@tributary/protocol';
import { Migrator, sql } from 'kysely';
import type { Db } from './database.js';
import { migrations } from './migrations.js';

/** Any fixed number: two migrators of one database take turns on it. */
const migrationLock = 7_301_001;

/**
 * Brings the database to the newest schema. Safe against a second migrator: one waits for the other and finds nothing to do.
 * @returns the names of the migrations applied now
 * @throws TributaryError `SERVER_FAILED` with the migration that failed; earlier ones stay applied
 */
export async function migrateToLatest(db: Db): Promise<readonly string[]> {
  return await db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${migrationLock})`.execute(connection);
    try {
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: async () => ({ ...migrations }) },
      });
      const { error, results } = await migrator.migrateToLatest();
      if (error) {
        const failed = results?.find((result) => result.status === 'Error')?.migrationName;
        throw new TributaryError(
          'SERVER_FAILED',
          `The database could not be migrated${failed ? ` (${failed})` : ''}: ${error instanceof Error ? error.message : String(error)}. If a newer Tributary has migrated it, use that version.`,
          { cause: error },
        );
      }
      return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
    } finally {
      await sql`select pg_advisory_unlock(${migrationLock})`.execute(connection);
    }
  });
}

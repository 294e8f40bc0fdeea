import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testServers } from './test-servers.js';

export interface TemporaryDatabase {
  readonly url: string;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** An empty database of the shared Postgres, to which no migration was applied. */
export async function emptyDatabase(): Promise<TemporaryDatabase> {
  const { postgresUrl } = await testServers();
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await administer(postgresUrl, `create database ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(postgresUrl, `drop database if exists ${name} with (force)`) };
}

/** A database of the shared Postgres for one test file, with all migrations applied. */
export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const database = await emptyDatabase();
  // Loaded on demand: most tests that use this package need no database.
  const { openDatabase, migrateToLatest } = await import('@tributary/run-store');
  const db = openDatabase(database.url);
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
  return database;
}

import { temporaryDatabase } from '@tributary/testing';
import { afterAll } from 'vitest';
import { type DatabaseOptions, openDatabase, type RunDatabase } from './database.js';

/** A migrated database of a test file's own, which is gone after its tests: `const { db } = await testDatabase();` */
export async function testDatabase(
  options: DatabaseOptions = {},
): Promise<{ readonly db: RunDatabase; readonly url: string }> {
  const database = await temporaryDatabase();
  const db = openDatabase(database.url, options);
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });
  return { db, url: database.url };
}

import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openDatabase } from './database.js';
import { postgresFigures } from './postgres-figures.js';
import { testDatabase } from './test-database.fixture.js';

const { db, url } = await testDatabase();

it('tells connections, size and the oldest open transaction', async () => {
  const before = await postgresFigures(db);
  expect(before.databaseBytes).toBeGreaterThan(1_000_000);
  expect(before.connectionsLimit).toBeGreaterThan(10);
  expect(before.committed).toBeGreaterThan(0);
  expect(before.blocksHit).toBeGreaterThan(0);
  expect(before.oldestTransactionSeconds).toBe(0);
  const other = openDatabase(url);
  await other.transaction().execute(async (trx) => {
    await sql`select pg_sleep(0.2)`.execute(trx);
    const during = await postgresFigures(db);
    expect(during.connections['idle in transaction']).toBe(1);
    expect(during.oldestTransactionSeconds).toBeGreaterThanOrEqual(0.2);
    expect(during.oldestTransactionSeconds).toBeLessThan(60);
  });
  await other.destroy();
});

import { emptyDatabase } from '@tributary/testing';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { migrateToLatest, openDatabase } from './index.js';
import { migrations } from './migrations.js';

it('migrates an empty database once, also with several migrators at once', async () => {
  const database = await emptyDatabase();
  const dbs = [1, 2, 3, 4].map(() => openDatabase(database.url, { maxConnections: 1 }));
  try {
    const applied = await Promise.all(dbs.map(migrateToLatest));
    expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 0, Object.keys(migrations).length]);
    const [db] = dbs;
    if (!db) throw new Error('no database');
    expect(await migrateToLatest(db)).toEqual([]);
    const tables = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'public' order by 1`.execute(db);
    expect(tables.rows.map((row) => row.name)).toEqual(
      expect.arrayContaining(['attempts', 'checkpoints', 'leases', 'points', 'runs', 'series', 'timings', 'workers']),
    );
    // A database of a newer version is refused, not broken.
    await sql`insert into kysely_migration (name, timestamp) values ('9999-from-the-future', 'x')`.execute(db);
    await expect(migrateToLatest(db)).rejects.toMatchObject({ code: 'SERVER_FAILED' });
  } finally {
    await Promise.all(dbs.map((db) => db.destroy()));
    await database.drop();
  }
});

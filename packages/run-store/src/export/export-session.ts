import { Readable } from 'node:stream';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { RunDatabase } from '../database.js';

/** Runs to export; null: all of them, also archived ones. */
export type ExportedRuns = readonly string[] | null;

/** From so many runs on, each is looked up in a table of them; before, in a list. */
const manyRuns = 1_000;

/** Whether a run is among the exported ones, in the session's SQL: COPY takes no parameters. */
export function isExported(runs: ExportedRuns): string {
  const named = `current_setting('tributary.exported_runs')::text[]`;
  const chosen =
    runs === null ? '' : ` and runs.run ${runs.length < manyRuns ? `= any(${named})` : `in (select unnest(${named}))`}`;
  return `runs.deleted_at is null${chosen}`;
}

/**
 * A stream of what a generator makes of one snapshot of the database, at the pace of its reader. A reader that leaves early ends
 * the query with its connection.
 */
export function exportStream(
  db: RunDatabase,
  runs: ExportedRuns,
  write: (client: pg.PoolClient) => AsyncIterable<Uint8Array>,
): Readable {
  return Readable.from(inSnapshot(db, runs, write), { objectMode: false });
}

async function* inSnapshot(
  db: RunDatabase,
  runs: ExportedRuns,
  write: (client: pg.PoolClient) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const client = await db.pool.connect();
  let finished = false;
  try {
    await client.query('begin isolation level repeatable read read only');
    // The order of the rows is that of the nested loops, which parallel workers would break up.
    await client.query(
      `set local max_parallel_workers_per_gather = 0; set local timezone = 'UTC'; set local jit = off`,
    );
    await client.query(`select set_config('tributary.exported_runs', $1::text[]::text, true)`, [runs ?? []]);
    yield* write(client);
    await client.query('commit');
    finished = true;
  } finally {
    client.release(!finished);
  }
}

/** What COPY puts out. */
export function copyOut(client: pg.PoolClient, select: string, options: string): AsyncIterable<Uint8Array> {
  return client.query(copyTo(`copy (${select}) to stdout with (${options})`)) as AsyncIterable<Uint8Array>;
}

import type { RunRecord } from '@tributary/protocol';
import type { RunDatabase } from './database.js';
import { stageRecords } from './record-staging.js';
import { applyStagedRecords, type WriteFaults, type WriteResult } from './record-writing.js';

export type { DivergedPoint } from './diverged-point.js';
export type { WriteFaults, WriteResult } from './record-writing.js';

/**
 * Writes a batch of records in one transaction: COPY into staging tables, then INSERT … ON CONFLICT DO NOTHING. Writing a record
 * again changes nothing; the first value of a point wins, and a differing one is kept in `divergences` and returned. Records of
 * unknown runs are counted and dropped. Checkpoint parts are left out: they are verified first, then `addCheckpointPart`.
 *
 * @param faults points at which a test may end the process
 */
export async function writeRecords(
  db: RunDatabase,
  records: readonly RunRecord[],
  faults: WriteFaults = {},
): Promise<WriteResult> {
  const client = await db.pool.connect();
  let failure: Error | undefined;
  try {
    await client.query('begin');
    await stageRecords(client, records);
    await faults.afterCopy?.();
    const result = await applyStagedRecords(client);
    await client.query('commit');
    return result;
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    // A connection whose transaction failed is closed, which rolls it back whatever state it was in.
    client.release(failure);
  }
}

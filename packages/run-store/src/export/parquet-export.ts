import type { Readable } from 'node:stream';
import type { ExportTable } from '@tributary/protocol';
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { RunDatabase } from '../database.js';
import { type ExportedRuns, exportStream } from './export-session.js';
import { columnsOf, selectTable } from './export-tables.js';

/** Rows of a row group: what is held in memory at once. */
export const rowGroupRows = 50_000;

/** One table as Parquet (Snappy), a row group at a time. */
export function exportParquet(db: RunDatabase, table: ExportTable, runs: ExportedRuns): Readable {
  return exportStream(db, runs, (client) => parquetBytes(client, table, runs));
}

type Value = string | number | Date | null;

async function* parquetBytes(
  client: pg.PoolClient,
  table: ExportTable,
  runs: ExportedRuns,
): AsyncGenerator<Uint8Array> {
  const columns = columnsOf(table);
  const writer = new ByteWriter();
  const schema = schemaFromColumnData({ columnData: columns.map(({ name, type }) => ({ name, type, data: [] })) });
  const parquet = new ParquetWriter({ writer, schema, createdBy: 'tributary' });
  const cursor = client.query(new Cursor<Value[]>(selectTable(table, runs), [], { rowMode: 'array' }));
  for (;;) {
    const rows = await cursor.read(rowGroupRows);
    if (rows.length === 0) break;
    const columnData = columns.map(({ name, type }, place) => ({
      ...{ name, type },
      data: rows.map((row) => {
        const value = row[place] ?? null;
        // The cursor gives int8 as text.
        return type === 'INT64' && value !== null ? BigInt(value as string) : value;
      }),
    }));
    await parquet.write({ columnData, rowGroupSize: rowGroupRows });
    yield taken(writer);
  }
  await cursor.close();
  await parquet.finish();
  yield taken(writer);
}

/** The bytes written since the last time; offsets in the file go on. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

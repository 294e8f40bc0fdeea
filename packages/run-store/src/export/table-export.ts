import type { Readable } from 'node:stream';
import type { ExportTable } from '@tributary/protocol';
import type { RunDatabase } from '../database.js';
import type { MetricSeries } from '../metric-history.js';
import { copyOut, type ExportedRuns, exportStream } from './export-session.js';
import { type ExportColumn, selectTable } from './export-tables.js';

/** One table as CSV (RFC 4180) with a header; times in ISO 8601, empty where there is no value. Streamed, in constant memory. */
export function exportCsv(db: RunDatabase, table: ExportTable, runs: ExportedRuns): Readable {
  return exportStream(db, runs, (client) => copyOut(client, selectTable(table, runs, asText), 'format csv, header'));
}

/** Every point of one metric as CSV: step, value. */
export function exportHistoryCsv(db: RunDatabase, { id, kind }: Pick<MetricSeries, 'id' | 'kind'>): Readable {
  const select =
    kind === 'point'
      ? `select step, value from points where series_id = ${Number(id)} order by step`
      : `select distinct on (step) step, value from timings where series_id = ${Number(id)} order by step, generation desc`;
  return exportStream(db, [], (client) => copyOut(client, select, 'format csv, header'));
}

function asText({ type, expression }: ExportColumn): string {
  return type === 'TIMESTAMP' ? `to_char(${expression}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')` : expression;
}

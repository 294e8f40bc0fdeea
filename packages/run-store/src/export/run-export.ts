import type { Readable } from 'node:stream';
import type pg from 'pg';
import type { RunDatabase } from '../database.js';
import { copyOut, type ExportedRuns, exportStream, isExported } from './export-session.js';
import { exportFormat, quoted, rowSections, runColumns, valuesPerLine } from './run-sections.js';

/**
 * Everything that is recorded of runs, but for the files of checkpoints, as JSON lines: a header, then each run's own line and its
 * rows. The database makes the lines and streams them in constant memory; `importRuns` reads them. Floating-point numbers are exact; NaN
 * and infinities are the texts `"NaN"`, `"Infinity"`, `"-Infinity"`.
 */
export function exportJsonLines(db: RunDatabase, runs: ExportedRuns): Readable {
  return exportStream(db, runs, (client) => lines(client, runs));
}

async function* lines(client: pg.PoolClient, runs: ExportedRuns): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify({ kind: 'export', format: exportFormat })}\n`);
  // JSON has neither raw control characters nor raw line ends, so with these two nothing is ever quoted.
  yield* copyOut(client, selectLines(runs), `format csv, delimiter e'\\x02', quote e'\\x01'`);
}

/** One run after another, and of each its sections in order: OFFSET 0 keeps the planner from taking the loops apart. */
function selectLines(runs: ExportedRuns): string {
  const sections = [
    `select json_build_object('kind', 'run', 'row', to_json(own))::text as line
     from (select ${quoted(runColumns)} from runs own where own.run = r.run) own`,
    ...rowSections.map(
      ({ kind, table, columns, order }) => `
      select json_build_object('kind', '${kind}', 'row', to_json(own))::text
      from (select ${quoted(columns)} from ${table} where run = r.run order by ${order}) own`,
    ),
    ledgerLines,
    matrixLines,
    seriesLines,
  ];
  return `
    select l.line
    from (select run from runs where ${isExported(runs)} order by run offset 0) r
    cross join lateral (${sections.map((section) => `(${section})`).join(' union all ')} offset 0) l`;
}

const ledgerColumns = ['step', 'lane', 'generation', 'epoch', 'position', 'microbatches'] as const;

const ledgerLines = `
select json_build_object('kind', 'ledger', ${ledgerColumns
  .map((name) => `'${name}', json_agg("${name}" order by step, lane)`)
  .join(', ')})::text
from (
  select ledger.*, (row_number() over (order by step, lane) - 1) / ${valuesPerLine} as chunk
  from ledger join ledger_runs on ledger_runs.id = ledger.run_id where ledger_runs.run = r.run
) numbered
group by chunk order by chunk`;

const matrixLines = `
select json_build_object('kind', 'matrix', 'group', g.name, 'row', to_json(own))::text
from (select id, name from matrix_groups where run = r.run order by name offset 0) g
cross join lateral (
  select step, tasks, gram, coefficients from gram_matrices where group_id = g.id order by step offset 0
) own`;

/** Short series are one line, and need no numbering. */
const valueLines = (kind: 'point' | 'timing', table: string, columns: readonly string[], order: string): string => {
  const line = `json_build_object('kind', '${table}', 'subject', s.subject, 'series', s.series, ${columns
    .map((name) => `'${name}', json_agg("${name}" order by ${order})`)
    .join(', ')})::text as line`;
  return `
    (select ${line} from ${table} where series_id = s.id
     having s.kind = '${kind}' and s.count <= ${valuesPerLine} and count(*) > 0)
    union all
    (select ${line} from (
       select *, (row_number() over (order by ${order}) - 1) / ${valuesPerLine} as chunk from ${table}
       where series_id = s.id and s.kind = '${kind}' and s.count > ${valuesPerLine}
     ) numbered group by chunk order by chunk)`;
};

const seriesLines = `
select v.line
from (select id, subject, series, kind, count from series where run = r.run order by subject, series, kind offset 0) s
cross join lateral (
  ${valueLines('point', 'points', ['step', 'value'], 'step')}
  union all
  ${valueLines('timing', 'timings', ['step', 'generation', 'value'], 'step, generation')}
  offset 0
) v`;

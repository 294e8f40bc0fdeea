import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunRecord } from '@tributary/protocol';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/**
 * Staging tables, one set a connection; a commit empties them. `ord` is the place in the batch: of two values for one key the
 * earlier is first.
 */
const createStaging = `
create temporary table if not exists staged_points (
  ord integer not null, run text not null, attempt integer not null, generation integer not null, kind text not null,
  subject text not null, series text not null, step integer not null, value double precision not null
) on commit delete rows;
create temporary table if not exists staged_matrices (
  ord integer not null, run text not null, attempt integer not null, generation integer not null, name text not null,
  step integer not null, tasks smallint[], gram double precision[] not null, coefficients double precision[] not null
) on commit delete rows;
create temporary table if not exists staged_ledger (
  ord integer not null, run text not null, attempt integer not null, generation integer not null, lane integer not null,
  step integer not null, epoch integer not null, "position" integer not null, microbatches integer not null
) on commit delete rows;
create temporary table if not exists staged_snapshot_hashes (
  ord integer not null, run text not null, attempt integer not null, generation integer not null, step integer not null,
  part text not null, state_hash text not null
) on commit delete rows;
create temporary table if not exists staged_samples (
  ord integer not null, run text not null, step integer not null, task text not null, index integer not null,
  source text not null, generated text not null, "references" jsonb not null
) on commit delete rows;
create temporary table if not exists staged_lineage (
  ord integer not null, run text not null, attempt integer not null, generation integer not null, member integer not null,
  key text not null, value text not null
) on commit delete rows;
create temporary table if not exists staged_member_ends (
  ord integer not null, run text not null, generation integer not null, member integer not null, attempt integer not null,
  step integer not null, outcome text not null
) on commit delete rows;
create temporary table if not exists staged_runs (run text primary key) on commit delete rows;
`;

type Cell = string | number | readonly number[] | null;

/** Copies a batch into the connection's staging tables, inside the open transaction. */
export async function stageRecords(client: pg.PoolClient, records: readonly RunRecord[]): Promise<void> {
  // IF NOT EXISTS raises a notice each time; it is no news.
  await client.query(`set local client_min_messages = warning; ${createStaging}`);
  const rows = {
    staged_points: [] as Cell[][],
    staged_matrices: [] as Cell[][],
    staged_ledger: [] as Cell[][],
    staged_snapshot_hashes: [] as Cell[][],
    staged_samples: [] as Cell[][],
    staged_lineage: [] as Cell[][],
    staged_member_ends: [] as Cell[][],
  };
  const runs = new Set<string>();
  let ord = 0;
  for (const record of records) {
    const { run, attempt, generation, member } = record;
    if (record.kind !== 'checkpoint-part') runs.add(run);
    switch (record.kind) {
      case 'points':
        for (const point of record.points)
          rows.staged_points.push([
            ord++,
            run,
            attempt,
            generation,
            'point',
            point.subject,
            point.series,
            point.step,
            point.value,
          ]);
        for (const point of record.timings)
          rows.staged_points.push([
            ord++,
            run,
            attempt,
            point.generation,
            'timing',
            point.subject,
            point.series,
            point.step,
            point.value,
          ]);
        break;
      case 'matrices':
        for (const { group, step, tasks, gram, coefficients } of record.matrices) {
          const places = tasks.every((task, index) => task === index) ? null : tasks;
          rows.staged_matrices.push([ord++, run, attempt, generation, group, step, places, gram, coefficients]);
        }
        break;
      case 'ledger':
        for (const { lane, step, epoch, position, microbatches } of record.steps)
          rows.staged_ledger.push([ord++, run, attempt, generation, lane, step, epoch, position, microbatches]);
        break;
      case 'snapshot':
        for (const { part, stateHash } of record.parts)
          rows.staged_snapshot_hashes.push([ord++, run, attempt, generation, record.step, part, stateHash]);
        break;
      case 'samples':
        for (const sample of record.samples)
          rows.staged_samples.push([
            ord++,
            run,
            record.step,
            sample.task,
            sample.index,
            sample.source,
            sample.generated,
            JSON.stringify(sample.references.map(postgresText)),
          ]);
        break;
      case 'lineage':
        for (const [key, value] of Object.entries(record.entries))
          rows.staged_lineage.push([ord++, run, attempt, generation, member, key, value]);
        break;
      case 'member-end':
        rows.staged_member_ends.push([ord++, run, generation, member, attempt, record.step, record.outcome]);
        break;
      case 'checkpoint-part':
        break;
    }
  }
  await copy(
    client,
    'staged_runs',
    [...runs].map((run) => [run]),
  );
  for (const [table, cells] of Object.entries(rows)) await copy(client, table, cells);
}

async function copy(client: pg.PoolClient, table: string, rows: readonly (readonly Cell[])[]): Promise<void> {
  if (rows.length === 0) return;
  await pipeline(
    Readable.from(copyChunks(rows), { objectMode: false }),
    client.query(copyFrom(`copy ${table} from stdin`)),
  );
}

/** Lines of COPY's text format, about 1,000 rows a chunk. */
function* copyChunks(rows: readonly (readonly Cell[])[]): Generator<Buffer> {
  for (let start = 0; start < rows.length; start += 1_000)
    yield Buffer.from(
      rows
        .slice(start, start + 1_000)
        .map(copyLine)
        .join(''),
    );
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Postgres text holds neither U+0000 nor half a surrogate pair; a visible stand-in keeps one odd string from blocking the stream. */
function postgresText(text: string): string {
  return text.replaceAll('\u0000', '\u2400').replace(/[\ud800-\udfff]/gu, '\ufffd');
}

/** Reads back as the same bits. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function copyLine(cells: readonly Cell[]): string {
  const fields = cells.map((cell) => {
    if (cell === null) return '\\N';
    if (typeof cell === 'number') return numberText(cell);
    if (typeof cell !== 'string') return `{${cell.map(numberText).join()}}`;
    return postgresText(cell).replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character);
  });
  return `${fields.join('\t')}\n`;
}

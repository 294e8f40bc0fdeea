import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { exportTables, type RunId } from '@tributary/protocol';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  attemptsOf,
  compareRuns,
  conflicts,
  divergencesOf,
  exportCsv,
  exportJsonLines,
  exportParquet,
  generationsOf,
  history,
  importRuns,
  ledgerOf,
  paramsOf,
  requireRun,
  samplesOf,
  seriesSummaries,
  snapshotHashesOf,
  tagsOf,
} from '../index.js';
import { recordedRun } from '../recorded-run.fixture.js';
import { testDatabase } from '../test-database.fixture.js';
import { rowGroupRows } from './parquet-export.js';

const { db } = await testDatabase();
const { db: fresh } = await testDatabase();
const ids = ['export-a', 'export-b'] as RunId[];
let exported: string;

beforeAll(async () => {
  for (const id of ids) await recordedRun(db, id);
  exported = await text(exportJsonLines(db, null));
});

/** Equal line by line; a whole export would be no readable message. */
function expectSame(read: string, wanted: string): void {
  const [lines, others] = [read.split('\n'), wanted.split('\n')];
  const at = lines.findIndex((line, index) => line !== others[index]);
  expect(at < 0 ? '' : lines[at]?.slice(0, 2_000)).toBe(at < 0 ? '' : others[at]?.slice(0, 2_000));
  expect(lines.length).toBe(others.length);
}

const fromText = (content: string) => Readable.from([Buffer.from(content)]);

describe('JSON lines', () => {
  it('come back as equal runs, and as the same export', async () => {
    expect(await importRuns(fresh, fromText(exported))).toEqual({ imported: ids, skipped: [] });
    expectSame(await text(exportJsonLines(fresh, null)), exported);
    for (const run of ids) {
      for (const read of [requireRun, seriesSummaries, samplesOf, divergencesOf, tagsOf, paramsOf, snapshotHashesOf])
        expect(await (read as (on: typeof db, of: string) => Promise<unknown>)(fresh, run)).toStrictEqual(
          await (read as (on: typeof db, of: string) => Promise<unknown>)(db, run),
        );
      expect(await history(fresh, run, 'task:spell', 'train.loss')).toStrictEqual(
        await history(db, run, 'task:spell', 'train.loss'),
      );
      const all = { from: 0, to: 1_000_000, steps: 10_000 };
      expect(await ledgerOf(fresh, run, all)).toStrictEqual(await ledgerOf(db, run, all));
      expect(await conflicts(fresh, run)).toStrictEqual(await conflicts(db, run));
    }
  });

  it('stand by run, each with its own line first, and long series in pieces', () => {
    const lines = exported
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; row?: { run?: string }; step?: number[] });
    expect(lines[0]).toEqual({ kind: 'export', format: 'tributary-runs/1' });
    expect(lines[1]).toMatchObject({ kind: 'run', row: { run: 'export-a' } });
    expect(lines.filter(({ kind }) => kind === 'run').map(({ row }) => row?.run)).toEqual(ids);
    const pieces = lines.filter(({ kind, step = [] }) => kind === 'points' && step.length > 10);
    expect(pieces.map(({ step = [] }) => step.length)).toEqual([1_000, 1_000, 500, 1_000, 1_000, 500]);
  });

  it('are of the chosen runs only', async () => {
    const one = await text(exportJsonLines(db, ['export-b', 'none']));
    expect(one.match(/"kind" : "run"/g)).toHaveLength(1);
    expect(one).toContain('export-b');
    // Many are looked up otherwise.
    const many = ['export-b', ...Array.from({ length: 2_000 }, (_, index) => `none-${index}`)];
    expectSame(await text(exportJsonLines(db, many)), one);
    expect(await text(exportJsonLines(db, []))).toBe('{"kind":"export","format":"tributary-runs/1"}\n');
  });

  it('are refused where an id is taken, or passed over', async () => {
    await expect(importRuns(fresh, fromText(exported))).rejects.toMatchObject({
      code: 'RUN_STATE_CONFLICT',
      message: expect.stringContaining('export-a (line 2) is here already'),
    });
    expect(await importRuns(fresh, fromText(exported), { taken: 'skip' })).toEqual({ imported: [], skipped: ids });
    expectSame(await text(exportJsonLines(fresh, null)), exported);
  });

  it('leave whole runs where they break off', async () => {
    const { db: partial } = await emptyStore();
    const second = exported.indexOf('"export-b"');
    const cut = exported.slice(0, exported.indexOf('\n', second + 4_000) + 20);
    await expect(importRuns(partial, fromText(cut))).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringMatching(/^Line \d+ cannot be imported: it is not whole JSON/),
    });
    const left = await partial.selectFrom('runs').select('run').execute();
    expect(left).toEqual([{ run: 'export-a' }]);
    expect(await importRuns(partial, fromText(exported), { taken: 'skip' })).toEqual({
      imported: ['export-b'],
      skipped: ['export-a'],
    });
    expectSame(await text(exportJsonLines(partial, null)), exported);
  });

  it.each([
    ['nothing', '', 'The export is empty'],
    ['another file', '{"kind":"mlflow"}\n', 'this is no export of runs'],
    ['another format', '{"kind":"export","format":"tributary-runs/9"}\n', 'the format "tributary-runs/9"'],
    [
      'rows without a run',
      `${head()}{"kind":"tag","row":{"key":"a","value":"b"}}\n`,
      'Line 2 cannot be imported: no run',
    ],
    ['a run without an id', `${head()}{"kind":"run","row":{"run":"a b"}}\n`, '"a b" is no id of a run'],
    ['a state that is none', `${head()}{"kind":"run","row":{"run":"a","state":"x"}}\n`, '"x" is no state'],
    [
      'a run file that is none',
      `${head()}{"kind":"run","row":{"run":"a","state":"failed","spec":{}}}\n`,
      'the run file of a',
    ],
    ['empty lines', '\n \n', 'The export is empty'],
    ['another file after an empty line', '\n{"kind":"run","row":{}}\n', 'this is no export of runs'],
    ['an endless line', `${head()}${' '.repeat(17 * 1024 * 1024)}`, 'longer than 16 MiB'],
  ])('refuse %s', async (_, content, message) => {
    await expect(importRuns(fresh, fromText(content))).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining(message),
    });
  });

  it('refuse bytes that are no UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${head()}{"kind":"tag","row":{"key":"`),
      Buffer.from([0xff, 0x22, 0x7d]),
    ]);
    await expect(importRuns(fresh, Readable.from([bytes]))).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: 'Line 2 cannot be imported: it is not UTF-8; export the runs again.',
    });
  });

  it.each([
    [
      'lists of unequal length',
      '{"kind":"points","subject":"run","series":"x","step":[1,2],"value":[1]}',
      'no list value',
    ],
    [
      'what is no number',
      '{"kind":"points","subject":"run","series":"x","step":[1],"value":["1); drop table runs"]}',
      'is no number',
    ],
    ['one step twice', '{"kind":"points","subject":"run","series":"x","step":[1,1],"value":[1,2]}', 'duplicate key'],
    ['a tag that is too long', `{"kind":"tag","row":{"key":"k","value":"${'x'.repeat(501)}"}}`, 'check constraint'],
    ['an unknown kind', '{"kind":"novelty"}', 'its kind "novelty" is unknown'],
    [
      'an attempt that began at no moment',
      '{"kind":"attempt","row":{"attempt":1,"state":null,"started_at":"infinity"}}',
      'its attempt is not valid (started_at: ',
    ],
    [
      'members that are none',
      '{"kind":"generation","row":{"generation":1,"attempt":1,"members":{},"resume_step":0,"opened_at":"2026-01-01T00:00:00Z"}}',
      'its generation is not valid (members: ',
    ],
    [
      'a matrix of more tasks than it has',
      `{"kind":"matrix","group":"all","row":{"step":1,"tasks":null,"gram":[${Array(6).fill(1)}],"coefficients":[1,1,1]}}`,
      'is not one of up to 2 tasks',
    ],
    [
      'a matrix that is none',
      '{"kind":"matrix","group":"all","row":{"step":1,"tasks":null,"gram":[1],"coefficients":[1,1]}}',
      'is not one of up to 2 tasks',
    ],
    [
      'JSON that is too deep',
      `{"kind":"tag","row":{"key":"k","value":"v","more":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
      'cannot be imported',
    ],
  ])('refuse a run with %s, whole', async (_, line, message) => {
    const run = exported.split('\n')[1]?.replaceAll('export-a', 'export-c');
    await expect(importRuns(fresh, fromText(`${head()}${run}\n${line}\n`))).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining(message),
    });
    const left = await fresh.selectFrom('runs').select('run').where('run', '=', 'export-c').execute();
    expect(left).toEqual([]);
  });

  it.each([
    ['a run that was created at no moment', { created_at: 'infinity' }, 'created_at: '],
    ['files that are none', { files: ['a'] }, 'files: '],
    ['an experiment that is no name', { experiment: '../x' }, 'experiment: '],
    ['steps before the first', { step: -1 }, 'step: '],
    ['an endless note', { note: 'x'.repeat(10_001) }, 'note: '],
  ])('refuse %s', async (_, fields, message) => {
    const line = JSON.parse(exported.split('\n')[1] ?? '') as { row: object };
    const run = JSON.stringify({ ...line, row: { ...line.row, run: 'export-c', ...fields } });
    await expect(importRuns(fresh, fromText(`${head()}${run}\n`))).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining(`Line 2 cannot be imported: its run is not valid (${message}`),
    });
  });

  it('fill in what an older run file left to its defaults', async () => {
    const line = JSON.parse(exported.split('\n')[1] ?? '') as { row: { spec: Record<string, unknown> } };
    const { checkpoints, ...spec } = line.row.spec;
    const run = JSON.stringify({ ...line, row: { ...line.row, run: 'export-e', spec } });
    await importRuns(fresh, fromText(`${head()}${run}\n`));
    expect((await requireRun(fresh, 'export-e')).spec.checkpoints).toEqual(checkpoints);
  });

  it('end a run that was not at rest with the last that is known of it', async () => {
    const lines = exported.split('\n');
    const run = lines[1]?.replaceAll('export-a', 'export-d').replace('"state":"failed"', '"state":"running"');
    const began = '"attempt":1,"state":null,"reason":null,"target_steps":100,"started_at":"2026-01-01T00:00:00+00:00"';
    const opened = '"resume_step":0,"members":[],"opened_at":"2026-01-01T00:01:00+00:00"';
    const underWay = [
      `{"kind":"attempt","row":{${began},"ended_at":null}}`,
      `{"kind":"generation","row":{"generation":1,"attempt":1,${opened},"time":{"ms":{"starting":5000,"training":25000},"reachedStep":9}}}`,
    ];
    await importRuns(fresh, fromText(`${head()}${run}\n${underWay.join('\n')}\n`));
    const endedAt = new Date('2026-01-01T00:01:30Z');
    const told = { reason: 'it was running when it was exported', endedAt };
    expect(await requireRun(fresh, 'export-d')).toMatchObject({ state: 'cancelled', ...told });
    expect(await attemptsOf(fresh, 'export-d')).toMatchObject([{ state: 'cancelled', ...told }]);
    expect(await generationsOf(fresh, 'export-d')).toMatchObject([{ outcome: 'cancelled', endedAt }]);
    expect((await compareRuns(fresh, ['export-d', 'export-e'])).runs[0]?.seconds).toBe(90);
  });
});

function head(): string {
  return '{"kind":"export","format":"tributary-runs/1"}\n';
}

/** A database that only one test uses. */
async function emptyStore() {
  await fresh.deleteFrom('runs').execute();
  await sql`truncate points, timings, ledger, gram_matrices`.execute(fresh);
  return { db: fresh };
}

describe('tables', () => {
  it('are CSV with every value as it was recorded', async () => {
    const points = await text(exportCsv(db, 'points', ['export-a']));
    const lines = points.split('\n');
    expect(lines[0]).toBe('run,metric,subject,series,step,value');
    expect(lines).toContain('export-a,spell.train.loss,task:spell,train.loss,1,0.30000000000000004');
    expect(lines).toContain('export-a,spell.train.loss,task:spell,train.loss,2,NaN');
    expect(lines).toContain('export-a,spell.train.loss,task:spell,train.loss,4,-Infinity');
    expect(lines).toContain('export-a,,lane:0,train.loss,1,1');
    const steps = lines.filter((line) => line.includes(',grad_norm,step') || line.includes(',grad_norm,'));
    expect(steps).toHaveLength(2_500);
    expect(await text(exportCsv(db, 'tags', null))).toContain('export-b,owner,"a,b\n""c"""\n');
    const [created] = (await requireRun(db, 'export-a')).createdAt.toISOString().split('x');
    expect(await text(exportCsv(db, 'runs', null))).toContain(`,${created},`);
  });

  it.each(exportTables)('are Parquet that a reader reads: %s', async (table) => {
    const bytes = await buffer(exportParquet(db, table, null));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const rows = await parquetReadObjects({ file });
    const csv = await text(exportCsv(db, table, null));
    const wanted = csvRows(csv);
    expect(rows).toHaveLength(wanted.length - 1);
    const [names = []] = wanted;
    const asText = (value: unknown): string => {
      if (value === null || value === undefined) return '';
      if (value instanceof Date) return value.toISOString();
      if (typeof value === 'number' && Object.is(value, -0)) return '-0';
      return String(value);
    };
    const same = (a: string, b: string) => a === b || (a !== '' && b !== '' && Object.is(Number(a), Number(b)));
    rows.forEach((row, index) => {
      names.forEach((name, place) => {
        const read = asText(row[name]);
        const written = wanted[index + 1]?.[place] ?? '';
        if (!same(read, written)) expect(read, `${table} row ${index} ${name}`).toBe(written);
      });
    });
  });

  it('are Parquet in row groups of a bounded size', async () => {
    await recordedRun(db, 'export-long', 1);
    await sql`
      insert into points (series_id, step, value) select id, step, 0.5
      from series, generate_series(1, ${2 * rowGroupRows}::integer) step
      where run = 'export-long' and metric = 'grad_norm'`.execute(db);
    const bytes = await buffer(exportParquet(db, 'points', ['export-long']));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const sizes = parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows));
    expect(sizes).toEqual([rowGroupRows, rowGroupRows, expect.any(Number)]);
    expect(sizes[2]).toBeLessThan(rowGroupRows);
  });

  it('leave no connection behind when the reader goes away', async () => {
    const stream = exportCsv(db, 'points', null);
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    const busy = async () => {
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from pg_stat_activity
        where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()
          and backend_type = 'client backend'`.execute(db);
      return rows[0]?.n;
    };
    await expect.poll(busy).toBe(0);
  });
});

/** RFC 4180. */
function csvRows(content: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quotedField, bare, end] of content.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(quotedField?.replaceAll('""', '"') ?? bare ?? '');
    if (end === '\n') rows.push([]);
    if (end === '') break;
  }
  rows.pop();
  return rows;
}

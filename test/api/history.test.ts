import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { runFileSchema } from '@tributary/config';
import { checkpointKey, type HistoryDocument, type Point, type RunDocument, type RunId } from '@tributary/protocol';
import { createRun, endAttempt, findRun, setRunState, startAttempt, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
let other: ApiInstallation;
beforeAll(async () => {
  [here, other] = await Promise.all([ApiInstallation.open(), ApiInstallation.open()]);
});
afterAll(async () => {
  await Promise.all([here.close(), other.close()]);
});

const spec = runFileSchema.parse({
  experiment: 'history',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  tags: { purpose: 'baseline' },
  note: 'first words',
  budget: { steps: 2_000 },
});
const steps = Array.from({ length: 2_000 }, (_, index) => index + 1);

/** A run at rest with points at every step; the loss of step 1,234 is a spike, that of 777 is NaN. */
async function finishedRun(id: string): Promise<RunId> {
  const run = id as RunId;
  await createRun(here.db, { run, experiment: 'history', spec, files: {} });
  const attempt = await startAttempt(here.db, run);
  await setRunState(here.db, run, { state: 'running', reason: null });
  const loss = (step: number) => (step === 1_234 ? 99 : step === 777 ? Number.NaN : 4 / Math.sqrt(step));
  const points = steps.flatMap((step): Point[] => [
    { subject: 'task:spell', series: 'train.loss', step, value: loss(step) },
    { subject: 'run', series: 'grad_norm', step, value: 1 + Math.sin(step / 50) },
  ]);
  const base = { run, attempt, generation: 1, member: 0, tokens: 0 } as const;
  await writeRecords(here.db, [{ ...base, kind: 'points', points, timings: [] }]);
  await endAttempt(here.db, run, attempt, { state: 'finished', reason: null });
  return run;
}

const json = async <T>(response: Response, status = 200): Promise<T> => {
  const body = (await response.json()) as T;
  expect(response.status, JSON.stringify(body)).toBe(status);
  return body;
};

describe('a history', () => {
  it('is thinned, but keeps what stands out', async () => {
    const run = await finishedRun('history-thin');
    const path = `/v1/runs/${run}/history?metric=spell.train.loss&points=50`;
    const history = await json<HistoryDocument>(await here.request('GET', path));
    expect(history).toMatchObject({
      ...{ run, metric: 'spell.train.loss', kind: 'point', count: 2_000, firstStep: 1, lastStep: 2_000, better: 'min' },
      ...{ first: 4, max: 99, last: 4 / Math.sqrt(2_000), min: 4 / Math.sqrt(2_000) },
    });
    expect(history.points.length).toBeLessThanOrEqual(50);
    expect(history.points).toContainEqual({ step: 1_234, value: 99 });
    expect(history.points).toContainEqual({ step: 777, value: 'NaN' });
    expect(history.points.at(-1)?.step).toBe(2_000);
  });

  it('is CSV with every point', async () => {
    const response = await here.request('GET', '/v1/runs/history-thin/history.csv?metric=spell.train.loss');
    expect(response.headers.get('content-type')).toContain('text/csv');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(2_001);
    expect(lines.slice(0, 2)).toEqual(['step,value', '1,4']);
    expect(lines[777]).toBe('777,NaN');
  });

  it.each([
    ['/v1/runs/none/history?metric=x', 404, 'RUN_NOT_FOUND'],
    ['/v1/runs/none/history.csv?metric=x', 404, 'RUN_NOT_FOUND'],
    ['/v1/runs/history-thin/history?metric=loss', 404, 'METRIC_NOT_FOUND'],
    ['/v1/runs/history-thin/history', 400, 'SPEC_INVALID'],
    ['/v1/runs/history-thin/history?metric=x&points=4', 400, 'SPEC_INVALID'],
  ])('is refused: %s', async (path, status, code) => {
    expect(await json(await here.request('GET', path), status)).toMatchObject({ code });
  });
});

describe('tags, note and archive', () => {
  it('are in the document of the run', async () => {
    const run = await finishedRun('history-labels');
    const read = async () => await json<RunDocument>(await here.request('GET', `/v1/runs/${run}`));
    expect(await read()).toMatchObject({ tags: { purpose: 'baseline' }, note: 'first words', archivedAt: null });
    const changes = { set: { 'owner/name': 'x' }, remove: ['purpose'] };
    expect(await json(await here.request('PATCH', `/v1/runs/${run}/tags`, changes))).toEqual({
      run,
      tags: { 'owner/name': 'x' },
    });
    await json(await here.request('PUT', `/v1/runs/${run}/note`, { note: null }));
    expect(await json(await here.request('POST', '/v1/runs/archive', { runs: [run] }))).toEqual({ changed: [run] });
    const archived = await read();
    expect(archived).toMatchObject({ tags: { 'owner/name': 'x' }, note: null });
    expect(archived.archivedAt).not.toBeNull();
    expect(await json(await here.request('POST', '/v1/runs/restore', { runs: [run] }))).toEqual({ changed: [run] });
    expect((await read()).archivedAt).toBeNull();
  });

  it.each([
    ['PATCH', '/v1/runs/none/tags', { set: { a: 'b' } }, 404],
    ['PATCH', '/v1/runs/history-labels/tags', { set: { '': 'b' } }, 400],
    ['PATCH', '/v1/runs/history-labels/tags', { set: { a: 'x'.repeat(501) } }, 400],
    ['PATCH', '/v1/runs/history-labels/tags', { set: { a: 1 } }, 400],
    ['PUT', '/v1/runs/none/note', { note: 'x' }, 404],
    ['PUT', '/v1/runs/history-labels/note', { note: 'x'.repeat(10_001) }, 400],
    ['POST', '/v1/runs/archive', { runs: ['history-labels', 'none'] }, 404],
    ['POST', '/v1/runs/archive', { runs: [] }, 400],
    ['POST', '/v1/runs/delete', { runs: ['none'] }, 404],
  ])('refuse %s %s %#', async (method, path, body, status) => {
    await json(await here.request(method, path, body), status);
  });
});

describe('deletion', () => {
  it('hides runs at once and takes their data and checkpoints', async () => {
    const [run, stays] = [await finishedRun('history-goes'), await finishedRun('history-stays')];
    for (const each of [run, stays]) await here.objects.put(checkpointKey(each, 100), new Uint8Array(10));
    await here.objects.put(`checkpoints/${run}/000000100/g1-shared.safetensors`, new Uint8Array(10));
    const reply = await json<{ deleted: string[] }>(
      await here.request('POST', '/v1/runs/delete', { runs: [run] }),
      202,
    );
    expect(reply.deleted).toEqual([run]);
    expect(await findRun(here.db, run)).toBeNull();
    expect(await json(await here.request('POST', '/v1/runs/purge?waitMs=20000'))).toMatchObject({ purging: 0 });
    expect(await here.objects.list('checkpoints/')).toEqual([checkpointKey(stays, 100)]);
    expect(await here.db.selectFrom('series').select('id').where('run', '=', run).execute()).toEqual([]);
    const kept = await json<HistoryDocument>(await here.request('GET', `/v1/runs/${stays}/history?metric=grad_norm`));
    expect(kept.count).toBe(2_000);
  });

  it('is refused while the run is active', async () => {
    const run = 'history-active' as RunId;
    await createRun(here.db, { run, experiment: 'history', spec, files: {} });
    expect(await json(await here.request('POST', '/v1/runs/delete', { runs: [run] }), 409)).toMatchObject({
      code: 'RUN_STATE_CONFLICT',
      message: expect.stringContaining(`npx tributary cancel ${run}`),
    });
  });
});

describe('export and import', () => {
  it('give another installation equal documents', async () => {
    const run = await finishedRun('history-moves');
    const exported = await here.request('POST', '/v1/export', { runs: [run], format: 'jsonl' });
    expect(exported.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = Buffer.from(await exported.arrayBuffer());
    const imported = (content: Buffer, query = '') =>
      fetch(`${other.url}/v1/import${query}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${other.token}`, 'content-type': 'application/x-ndjson' },
        body: Readable.toWeb(Readable.from([content])) as ReadableStream,
        duplex: 'half',
      } as RequestInit);
    expect(await json(await imported(lines))).toEqual({ imported: [run], skipped: [] });
    const path = `/v1/runs/${run}`;
    expect(await json(await other.request('GET', path))).toEqual(await json(await here.request('GET', path)));
    const history = `${path}/history?metric=spell.train.loss&points=100`;
    expect(await json(await other.request('GET', history))).toEqual(await json(await here.request('GET', history)));
    expect(await json(await imported(lines), 409)).toMatchObject({ code: 'RUN_STATE_CONFLICT' });
    expect(await json(await imported(lines, '?taken=skip'))).toEqual({ imported: [], skipped: [run] });
    expect(await json(await imported(Buffer.from('{}\n')), 400)).toMatchObject({ code: 'DATA_INVALID' });
  });

  it.each([
    [{ runs: ['none'], format: 'csv' }, 404],
    [{ runs: null, format: 'xml' }, 400],
    [{ runs: null, format: 'csv', table: 'pg_class' }, 400],
    [{ runs: null, format: 'jsonl', table: 'runs' }, 400],
    [{ runs: null, filter: 'metrics.', format: 'csv' }, 400],
    [{ runs: ['history-thin'], filter: "state = 'finished'", format: 'csv' }, 400],
  ])('are refused: %j', async (body, status) => {
    await json(await here.request('POST', '/v1/export', body), status);
  });

  it('are of the runs that a filter finds, archived ones where it says so', async () => {
    const [kept, away] = [await finishedRun('history-kept'), await finishedRun('history-away')];
    await here.request('POST', '/v1/runs/archive', { runs: [away] });
    const exported = async (filter: string): Promise<string[]> => {
      const request = { runs: null, filter, format: 'csv', table: 'runs' };
      const lines = (await (await here.request('POST', '/v1/export', request)).text()).trimEnd().split('\n');
      return lines.slice(1).map((line) => line.split(',', 1)[0] ?? '');
    };
    expect(await exported("run in ('history-kept', 'history-away')")).toEqual([kept]);
    expect(await exported("run LIKE 'history-%a%' AND archived = true")).toEqual([away]);
    expect(await exported("metrics.spell.train.loss < 0 AND run = 'none'")).toEqual([]);
  });

  it('end with the client that leaves', async () => {
    const response = await here.request('POST', '/v1/export', { runs: null, format: 'csv' });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const again = await here.request('POST', '/v1/export', { runs: ['history-thin'], format: 'csv', table: 'metrics' });
    expect((await again.text()).split('\n')).toHaveLength(4);
  });
});

it.each([
  ['POST', 'import', 'application/x-ndjson', '"a b" is no id of a run', ''],
  ['PUT', 'files', 'application/octet-stream', 'A data file is at most', 'content-length: 900000000\r\n'],
])(
  'says why the body of %s %s is refused to a client that sends on before it reads',
  async (method, path, type, why, length) => {
    const { hostname, port } = new URL(here.url);
    const client = connect({ host: hostname, port: Number(port) }).setNoDelay();
    const chunk = (bytes: string) => (length === '' ? `${bytes.length.toString(16)}\r\n${bytes}\r\n` : bytes);
    const send = (bytes: string) => new Promise((sent) => client.write(bytes, sent));
    const encoding = length === '' ? 'transfer-encoding: chunked\r\n' : length;
    await send(
      `${method} /v1/${path} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ${here.token}\r\ncontent-type: ${type}\r\n${encoding}\r\n`,
    );
    await send(chunk('{"kind":"export","format":"tributary-runs/1"}\n{"kind":"run","row":{"run":"a b"}}\n'));
    for (let mebibytes = 0; mebibytes < 16; mebibytes += 1) {
      // Long enough for a server that closes to have closed.
      await after(50);
      expect(await send(chunk('x'.repeat(1024 * 1024)))).toBeFalsy();
    }
    client.end();
    expect(await text(client)).toContain(JSON.stringify(why).slice(1, -1));
  },
);

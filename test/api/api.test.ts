import {
  maxShownDivergences,
  natsNames,
  type RunDocument,
  type RunId,
  type WorkerListDocument,
} from '@tributary/protocol';
import { endAttempt, setRunState, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open({ maxUploadBytes: 100_000 });
});
afterAll(() => here.close());

const words = (experiment: string, changes: Record<string, unknown> = {}) => ({
  experiment,
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 100 },
  ...changes,
});
const bytes = (text: string) => new TextEncoder().encode(text);
const pairsFile = (count: number) =>
  bytes(
    Array.from({ length: count }, (_, i) => JSON.stringify({ source: `a b ${i}`, target: `b a ${i % 7}` })).join('\n'),
  );
const fromFile = (data: Record<string, unknown> = {}, changes: Record<string, unknown> = {}) => ({
  experiment: 'file',
  tasks: [{ name: 'own', data: { source: 'file', format: 'jsonl', path: 'own.jsonl', ...data } }],
  budget: { steps: 100 },
  ...changes,
});

async function launch(experiment: string, changes: Record<string, unknown> = {}): Promise<RunId> {
  await here.workers('w1');
  const response = await here.request('POST', '/v1/runs', { spec: words(experiment, changes) });
  expect(response.status).toBe(201);
  return ((await response.json()) as { run: RunId }).run;
}

describe('access', () => {
  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['a longer token', { authorization: 'Bearer a-token-of-this-test-and-more' }],
    ['another scheme', { authorization: 'Basic a-token-of-this-test' }],
  ])('refuses %s', async (_, headers) => {
    const response = await fetch(`${here.url}/v1/runs`, { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('answers unknown routes in the same form', async () => {
    const response = await here.request('GET', '/v1/nothing');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  it.each([
    ['GET', '/v1/runs/a%00b'],
    ['GET', '/v1/runs?experiment=a%00b'],
    ['GET', '/v1/best?metric=a%00b'],
    ['GET', '/v1/compare?runs=a%00b,c'],
    ['POST', '/v1/runs/archive', { runs: ['a\0b'] }],
    ['PUT', '/v1/runs/a/note', { note: 'a\0b' }],
    ['GET', '/api/2.0/mlflow/runs/get?run_id=a%00b'],
  ])('refuses what no text of Postgres can hold: %s %s', async (method, path, body?: unknown) => {
    const response = await here.request(method, path, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('U+0000') });
  });

  it('says how the servers are', async () => {
    const response = await here.request('GET', '/v1/health');
    expect(await response.json()).toMatchObject({
      status: 'ok',
      servers: { postgres: 'ok', nats: 'ok', temporal: 'ok' },
    });
  });

  it('describes every route in OpenAPI', async () => {
    const document = (await (await fetch(`${here.url}/openapi.json`)).json()) as {
      openapi: string;
      info: { title: string };
      paths: Record<string, Record<string, { responses: Record<string, unknown>; summary: string }>>;
      components: { securitySchemes: object };
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual(
      [
        ...[
          'artifacts/list',
          'experiments/get',
          'experiments/get-by-name',
          'experiments/search',
          'logged-models/search',
        ],
        ...['metrics/get-history', 'metrics/get-history-bulk-interval', 'runs/get', 'runs/search'],
      ]
        .map((path) => `/api/2.0/mlflow/${path}`)
        .concat([
          '/api/2.0/mlflow-artifacts/artifacts',
          '/v1/best',
          '/v1/compare',
          '/v1/files',
          '/v1/generate',
          '/v1/health',
          '/v1/runs/{run}',
          '/v1/runs/{run}/cancel',
          '/v1/runs/{run}/checkpoints',
          '/v1/runs/{run}/checkpoints/prune',
          '/v1/runs/{run}/checkpoints/{step}/verify',
          '/v1/runs/{run}/conflicts',
          '/v1/runs/{run}/events',
          '/v1/runs/{run}/history',
          '/v1/runs/{run}/history.csv',
          '/v1/runs/{run}/model',
          '/v1/runs/{run}/note',
          '/v1/runs/{run}/objects',
          '/v1/runs/{run}/tags',
          '/v1/runs/archive',
          '/v1/runs/restore',
          '/v1/runs/delete',
          '/v1/runs/purge',
          '/v1/export',
          '/v1/import',
          '/v1/runs/{run}/diff/{other}',
          '/v1/runs/{run}/fork',
          '/v1/runs/{run}/ledger',
          '/v1/runs/{run}/lineage',
          '/v1/runs/{run}/pause',
          '/v1/runs/{run}/resume',
          '/v1/runs/{run}/scale',
          '/v1/runs/',
          '/v1/runs/{run}/verify',
          '/v1/validate',
          '/v1/workers',
        ])
        .map((path) => path.replace(/\/$/, ''))
        .sort(),
    );
    for (const methods of Object.values(document.paths))
      for (const operation of Object.values(methods)) {
        expect(operation.summary).not.toBe('');
        expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
      }
    expect(document.components.securitySchemes).toHaveProperty('token');
  });
});

describe('uploads', () => {
  it('keeps bytes under their hash, once', async () => {
    const first = await (await here.request('PUT', '/v1/files', bytes('hello'))).json();
    expect(first).toEqual({
      key: 'data/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      sizeBytes: 5,
    });
    const objects = (await here.written()).objects;
    expect(await (await here.request('PUT', '/v1/files', bytes('hello'))).json()).toEqual(first);
    expect((await here.written()).objects).toBe(objects);
  });

  it.each([
    ['declared', bytes('x'.repeat(100_001)), {}],
    ['streamed', bytes('x'.repeat(100_001)), { stream: true }],
  ])('refuses %s bytes over the limit', async (_, body, { stream }: { stream?: boolean }) => {
    const before = await here.written();
    const response = stream
      ? await fetch(`${here.url}/v1/files`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${here.token}`, 'content-type': 'application/octet-stream' },
          body: new Blob([body as Uint8Array<ArrayBuffer>]).stream(),
          duplex: 'half',
        } as RequestInit)
      : await here.request('PUT', '/v1/files', body);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'TOO_LARGE' });
    expect(await here.written()).toEqual(before);
  });

  it('refuses an empty file and another content type', async () => {
    expect(await (await here.request('PUT', '/v1/files', new Uint8Array())).json()).toMatchObject({
      code: 'DATA_INVALID',
    });
    for (const type of ['text/plain', 'application/json'])
      expect((await here.request('PUT', '/v1/files', bytes('{}'), { 'content-type': type })).status).toBe(415);
  });
});

describe('launch', () => {
  it('records the run and starts its workflow', async () => {
    const run = await launch('launch');
    expect(run).toMatch(/^launch-[a-z2-7]{8}$/);
    const shown = (await (await here.request('GET', `/v1/runs/${run}`)).json()) as RunDocument;
    expect(shown).toMatchObject({ run, state: 'queued', attempt: 1, targetSteps: 100, step: 0 });
    expect(shown.tasks).toEqual([{ task: 'spell', replicas: 1, weight: 1, results: {}, samples: [] }]);
    const execution = await here.temporal.workflow.getHandle(run).describe();
    expect(execution).toMatchObject({ type: 'trainingRun', taskQueue: here.namespace });
  });

  it('takes uploaded data', async () => {
    await here.workers('w1');
    const { key } = (await (await here.request('PUT', '/v1/files', pairsFile(200))).json()) as { key: string };
    const response = await here.request('POST', '/v1/runs', { spec: fromFile(), files: { 'own.jsonl': key } });
    expect(await response.json()).toMatchObject({ state: 'queued', attempt: 1 });
  });

  const good = pairsFile(200);
  it.each<[string, unknown, Uint8Array | null, string, RegExp]>([
    [
      'an unknown field',
      words('x', { sed: 1 }),
      null,
      'SPEC_INVALID',
      /^spec: sed: unknown field; did you mean "seed"\?$/,
    ],
    ['no run file at all', 'nothing', null, 'SPEC_INVALID', /must be a block of fields/],
    ['data that was not uploaded', fromFile(), null, 'DATA_INVALID', /own\.jsonl was not uploaded/],
    [
      'an unknown column',
      fromFile({ columns: { source: 'text' } }),
      good,
      'DATA_INVALID',
      /line 1 has no field "text"/,
    ],
    [
      'a malformed line',
      fromFile(),
      bytes('{"source":"a","target":"b"}\n{"source":'),
      'DATA_INVALID',
      /own\.jsonl line 2 is not JSON/,
    ],
    ['a file that is not UTF-8', fromFile(), Uint8Array.of(0x7b, 0xff, 0x7d), 'DATA_INVALID', /UTF-8/],
    ['a vocabulary over the limit', fromFile({}, { vocabulary: { limit: 20 } }), good, 'DATA_INVALID', /vocabulary/],
    [
      'more workers than are live',
      words('x', {
        tasks: [{ name: 'a', replicas: 2, data: { source: 'words', kind: 'spell' } }],
        workers: { min: 2 },
      }),
      null,
      'NO_WORKERS',
      /needs at least 2 workers \(workers\.min\), but only 1 of one kind is live; start more with: npx tributary up --workers 2/,
    ],
  ])('refuses %s and writes nothing', async (_, spec, data, code, message) => {
    await here.workers('w1');
    const files =
      data === null
        ? {}
        : { 'own.jsonl': ((await (await here.request('PUT', '/v1/files', data)).json()) as { key: string }).key };
    const before = await here.written();
    const response = await here.request('POST', '/v1/runs', { spec, files });
    const document = (await response.json()) as { code: string; message: string };
    expect(document.code).toBe(code);
    expect(document.message).toMatch(message);
    expect(response.status).toBe(code === 'NO_WORKERS' ? 409 : 400);
    expect(await here.written()).toEqual(before);
  });

  it('refuses keys that no upload gave', async () => {
    const key = `data/${'0'.repeat(64)}`;
    const response = await here.request('POST', '/v1/runs', { spec: fromFile(), files: { 'own.jsonl': key } });
    expect(await response.json()).toMatchObject({ code: 'DATA_INVALID' });
  });

  it('leaves no run behind when Temporal is away', async () => {
    const cut = await ApiInstallation.open({ temporalAddress: '127.0.0.1:1' });
    try {
      await cut.workers('w1');
      const before = await cut.written();
      const response = await cut.request('POST', '/v1/runs', { spec: words('cut') });
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({
        code: 'SERVER_FAILED',
        message: expect.stringContaining('Temporal does not answer'),
      });
      expect(await cut.written()).toEqual(before);
    } finally {
      await cut.close();
    }
  });
});

describe('lists', () => {
  it('shows workers, and which are live', async () => {
    await here.workers('w1');
    const response = await here.request('GET', '/v1/workers');
    expect(await response.json()).toMatchObject({ workers: [{ worker: 'w1', live: true, trainer: null }] });
    await here.workers('leaving');
    const leaving = here.db.updateTable('workers').where('worker', '=', 'leaving');
    await leaving.set({ draining: true }).execute();
    const shown = async () =>
      ((await (await here.request('GET', '/v1/workers')).json()) as WorkerListDocument).workers.find(
        ({ worker }) => worker === 'leaving',
      );
    expect(await shown()).toMatchObject({ live: false, draining: true });
    await leaving.set({ seenAt: new Date(Date.now() - 60_000) }).execute();
    expect(await shown()).toMatchObject({ live: false, draining: false });
  });

  it('knows no run of another name', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/events'],
      ['POST', '/cancel'],
      ['POST', '/resume'],
    ] as const) {
      const response = await here.request(
        method,
        `/v1/runs/nobody-aaaaaaaa${path}`,
        method === 'POST' ? {} : undefined,
      );
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'RUN_NOT_FOUND']);
    }
  });
});

describe('a run with results', () => {
  it('has held-out results, samples and null for what is not a number', async () => {
    const run = await launch('results');
    const base = { run, attempt: 1, generation: 1, member: 0 };
    await writeRecords(here.db, [
      {
        ...base,
        kind: 'points',
        timings: [],
        tokens: 0,
        points: [
          { subject: 'task:spell', series: 'test.loss', step: 100, value: 0.5 },
          { subject: 'task:spell', series: 'test.token_accuracy', step: 100, value: Number.NaN },
          { subject: 'lane:0', series: 'train.loss', step: 100, value: 0.25 },
        ],
      },
      {
        ...base,
        kind: 'samples',
        step: 100,
        samples: [{ task: 'spell' as never, index: 0, source: 'K AE T', generated: 'cat', references: ['cat', 'kat'] }],
      },
    ]);
    const shown = (await (await here.request('GET', `/v1/runs/${run}`)).json()) as RunDocument;
    expect(shown.tasks[0]).toMatchObject({
      results: { loss: 0.5, token_accuracy: null },
      samples: [{ step: 100, source: 'K AE T', generated: 'cat', references: ['cat', 'kat'] }],
    });
    expect(shown.series).toContainEqual(
      expect.objectContaining({ subject: 'lane:0', series: 'train.loss', last: 0.25 }),
    );
  });
});

describe('a run that does not repeat itself', () => {
  it('lists the earliest redone values that differ, exactly, and counts all', async () => {
    const run = await launch('diverged');
    const points = (value: number) =>
      Array.from({ length: 25 }, (_, i) => ({ subject: 'lane:0' as const, series: 'train.loss', step: 25 - i, value }));
    const record = (generation: number, value: number) =>
      ({
        run,
        attempt: 1,
        generation,
        member: 0,
        kind: 'points',
        timings: [],
        tokens: 0,
        points: points(value),
      }) as const;
    const shown = async () =>
      ((await (await here.request('GET', `/v1/runs/${run}`)).json()) as RunDocument).divergences;
    await writeRecords(here.db, [record(1, 0.1 + 0.2)]);
    expect(await shown()).toEqual({ total: 0, first: [] });
    await writeRecords(here.db, [record(2, Number.NaN)]);
    const { total, first } = await shown();
    expect(total).toBe(25);
    expect(first.map(({ step }) => step)).toEqual(Array.from({ length: maxShownDivergences }, (_, i) => i + 1));
    expect(first[0]).toEqual({
      subject: 'lane:0',
      series: 'train.loss',
      step: 1,
      attempt: 1,
      generation: 2,
      recorded: '0.30000000000000004',
      redone: 'NaN',
    });
  });
});

describe('cancel and resume', () => {
  it('signals the workflow of a run that is under way', async () => {
    const run = await launch('cancel');
    const response = await here.request('POST', `/v1/runs/${run}/cancel`);
    expect([response.status, await response.json()]).toEqual([202, { run, attempt: 1, state: 'queued' }]);
    const history = await here.temporal.workflow.getHandle(run).fetchHistory();
    const signals = history.events?.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName);
    expect(signals).toContain('cancel');
  });

  it('starts another attempt only of a run at rest, finished ones only with more steps', async () => {
    const run = await launch('resume');
    const resume = (body: object) => here.request('POST', `/v1/runs/${run}/resume`, body);
    expect(await (await resume({})).json()).toMatchObject({
      code: 'RUN_STATE_CONFLICT',
      message: expect.stringContaining('is queued'),
    });
    await setRunState(here.db, run, { state: 'running', reason: null });
    await here.db.updateTable('runs').set({ step: 100 }).where('run', '=', run).execute();
    await endAttempt(here.db, run, 1, { state: 'finished', reason: null });
    await here.temporal.workflow.getHandle(run).terminate();
    await here.workers('w1');
    for (const body of [{}, { steps: 100 }, { steps: 50 }])
      expect(await (await resume(body)).json()).toMatchObject({
        code: 'RUN_STATE_CONFLICT',
        message: expect.stringContaining(`npx tributary resume ${run} --steps 200`),
      });
    expect((await resume({ steps: 0 })).status).toBe(400);
    expect(await (await resume({ steps: 150 })).json()).toEqual({ run, attempt: 2, state: 'queued' });
    const shown = (await (await here.request('GET', `/v1/runs/${run}`)).json()) as RunDocument;
    expect(shown).toMatchObject({ targetSteps: 150, spec: { budget: { steps: 150 } } });
    expect(shown.attempts.map(({ state }) => state)).toEqual(['finished', null]);
  });

  it('resumes a run of rounds only up to the end of one', async () => {
    const every = { every: 50 };
    const run = await launch('rounds', {
      sync: { strategy: 'diloco', innerSteps: 50 },
      evaluation: every,
      checkpoints: every,
    });
    await endAttempt(here.db, run, 1, { state: 'failed', reason: 'by this test' });
    await here.temporal.workflow.getHandle(run).terminate();
    const resume = (steps: number) => here.request('POST', `/v1/runs/${run}/resume`, { steps });
    const refused = await resume(170);
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { code: 'SPEC_INVALID', message: expect.stringContaining('170 is no multiple, take 150 or 200') },
    ]);
    expect((await resume(200)).status).toBe(202);
  });

  it('has nothing to cancel in a run that has ended', async () => {
    const run = await launch('ended');
    await endAttempt(here.db, run, 1, { state: 'failed', reason: 'by this test' });
    const response = await here.request('POST', `/v1/runs/${run}/cancel`);
    expect([response.status, await response.json()]).toMatchObject([409, { code: 'RUN_STATE_CONFLICT' }]);
  });
});

describe('events', () => {
  const progress = (run: RunId, step: number) =>
    ({
      kind: 'progress',
      run,
      attempt: 1,
      generation: 1,
      member: 0,
      phase: 'training',
      step,
      targetSteps: 100,
      losses: { spell: 1 },
      tokensPerSecond: 10,
      backend: 'cpu',
      members: 1,
    }) as const;

  it('begin with the state and the newest progress, follow, and end at rest', async () => {
    const run = await launch('events');
    await setRunState(here.db, run, { state: 'running', reason: null });
    await here.publish(progress(run, 1));
    await here.publish(progress(run, 2));
    const response = await here.request('GET', `/v1/runs/${run}/events`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const before = text;
      text += decoder.decode(chunk, { stream: true });
      if (!before.includes('"step":2') && text.includes('"step":2')) await here.publish(progress(run, 3));
      if (!before.includes('"step":3') && text.includes('"step":3')) {
        await endAttempt(here.db, run, 1, { state: 'finished', reason: null });
        await here.publish({ kind: 'state', run, attempt: 1, state: 'finished', reason: null, step: 100 });
      }
    }
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(
      ([, data]) => JSON.parse(data ?? '') as { kind: string; step: number; state?: string },
    );
    expect(events.map(({ kind, state, step }) => [kind, state ?? step])).toEqual([
      ['state', 'running'],
      ['progress', 2],
      ['progress', 3],
      ['state', 'finished'],
    ]);
  });

  it('end even if the stream has lost the last state; heartbeats before', async () => {
    const run = await launch('lost');
    const response = await here.request('GET', `/v1/runs/${run}/events`);
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const before = text;
      text += new TextDecoder().decode(chunk);
      if (!before.includes(': still here') && text.includes(': still here'))
        await endAttempt(here.db, run, 1, { state: 'cancelled', reason: 'by this test' });
    }
    expect(text).toContain('"state":"queued"');
    expect(text.trim().split('\n').at(-1)).toContain('"state":"cancelled","reason":"by this test"');
  });
});

describe('generate', () => {
  it('says what is missing: task, checkpoint, text', async () => {
    const run = await launch('generate');
    const ask = async (body: object) =>
      (await (
        await here.request('POST', '/v1/generate', { run, task: 'spell', sources: ['K AE T'], ...body })
      ).json()) as { code: string; message: string };
    expect(await ask({ task: 'spel' })).toMatchObject({
      code: 'TASK_NOT_FOUND',
      message: `Run ${run} has no task "spel"; it has: spell.`,
    });
    expect(await ask({})).toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    expect(await ask({ sources: [] })).toMatchObject({ code: 'SPEC_INVALID' });
    expect(await ask({ options: { search: { kind: 'beam', temperature: 2 } } })).toMatchObject({
      code: 'SPEC_INVALID',
      message: expect.stringContaining('"temperature" belongs to a search of kind "sample"'),
    });
    expect(await ask({ sources: new Array(17).fill('K'), options: { attention: true } })).toMatchObject({
      code: 'SPEC_INVALID',
      message: expect.stringContaining('attention is given for at most 16 sources at a time, not 17'),
    });
    expect(await ask({ sources: new Array(257).fill('K') })).toMatchObject({ code: 'SPEC_INVALID' });
    expect(await ask({ sources: ['K'.repeat(10_001)] })).toMatchObject({ code: 'SPEC_INVALID' });
  });

  it('asks a worker, and says so when none is there', async () => {
    const run = await launch('ask');
    await here.db.updateTable('runs').set({ preparedKey: 'prepared/x.json' }).where('run', '=', run).execute();
    await here.db
      .insertInto('checkpoints')
      .values({ run, step: 50, attempt: 1, stateHash: 'h', sizeBytes: 1, manifest: '{}' })
      .execute();
    const ask = () => here.request('POST', '/v1/generate', { run, task: 'spell', sources: ['K AE T'] });
    expect(await (await ask()).json()).toMatchObject({
      code: 'NO_WORKERS',
      message: expect.stringContaining('npx tributary up'),
    });
    const worker = here.nats.subscribe(natsNames(here.namespace).generate, {
      callback: (_error, message) => {
        const request = message.json<{ sources: string[]; checkpointKey: string }>();
        const outputs = request.sources.map((source) => ({ source, generated: request.checkpointKey, outputs: [] }));
        message.respond(JSON.stringify({ ok: true, outputs, step: 50, worker: 'w1' }));
      },
    });
    await here.nats.flush();
    expect(await (await ask()).json()).toEqual({
      run,
      task: 'spell',
      step: 50,
      worker: 'w1',
      outputs: [{ source: 'K AE T', generated: `checkpoints/${run}/000000050/manifest.json`, outputs: [] }],
    });
    worker.unsubscribe();
  });
});

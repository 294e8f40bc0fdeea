import type { ForkReplyDocument, RunDocument, RunId } from '@tributary/protocol';
import { createRun, listCheckpoints, requireRun, setPrepared } from '@tributary/run-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';
import { storeCheckpoint } from '../support/stored-checkpoint.js';

let here: ApiInstallation;
let parent: RunId;
beforeAll(async () => {
  here = await ApiInstallation.open();
  await here.workers('w1');
  parent = await launch();
  for (const step of [20, 40]) await storeCheckpoint(here, parent, step);
  await setPrepared(here.db, parent, { preparedKey: 'prepared/of-parent.json', targetSteps: 100 });
});
afterAll(() => here.close());

async function launch(changes: Record<string, unknown> = {}): Promise<RunId> {
  const spec = {
    experiment: 'parent',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
    budget: { steps: 100 },
    ...changes,
  };
  const response = await here.request('POST', '/v1/runs', { spec });
  expect(response.status).toBe(201);
  return ((await response.json()) as { run: RunId }).run;
}

async function fork(body: unknown, run: string = parent) {
  const response = await here.request('POST', `/v1/runs/${run}/fork`, body);
  return { status: response.status, reply: (await response.json()) as ForkReplyDocument };
}

describe('a fork', () => {
  it('is a run of its own that remembers its parent, and its parent it', async () => {
    await here.workers('w1');
    const { status, reply } = await fork({ step: 20, set: { 'optimizer.learningRate': 0.0005, experiment: 'slower' } });
    expect(status).toBe(201);
    expect(reply).toMatchObject({ attempt: 1, state: 'queued', parent: { run: parent, step: 20 }, remarks: [] });
    expect(reply.run).toMatch(/^slower-/);
    expect(reply.changes).toEqual([
      { field: 'experiment', from: 'parent', to: 'slower' },
      { field: 'optimizer.learningRate', from: 0.001, to: 0.0005 },
    ]);
    const shown = (await (await here.request('GET', `/v1/runs/${reply.run}`)).json()) as RunDocument;
    expect(shown).toMatchObject({ state: 'queued', step: 20, parent: { run: parent, step: 20 }, children: [] });
    expect(shown.checkpoints).toMatchObject([{ step: 20, attempt: 0 }]);
    expect(await requireRun(here.db, reply.run)).toMatchObject({ preparedKey: 'prepared/of-parent.json' });
    const above = (await (await here.request('GET', `/v1/runs/${parent}`)).json()) as RunDocument;
    expect(above.children).toContainEqual({ run: reply.run, step: 20, state: 'queued' });
    expect(await here.temporal.workflow.getHandle(reply.run).describe()).toMatchObject({ type: 'trainingRun' });
  });

  it('takes the newest checkpoint, and keeps its copy whatever becomes of the parent’s', async () => {
    const other = await launch();
    const original = await storeCheckpoint(here, other, 30);
    const { reply } = await fork(undefined, other);
    expect(reply).toMatchObject({ parent: { step: 30 }, changes: [] });
    const [copy] = await listCheckpoints(here.db, reply.run);
    expect(copy?.stateHash).toBe(original.stateHash);
    for (const key of await here.objects.list(`checkpoints/${other}/`)) await here.objects.delete(key);
    await here.db.deleteFrom('runs').where('run', '=', other).execute();
    const verified = await here.request('POST', `/v1/runs/${reply.run}/checkpoints/30/verify`);
    expect(await verified.json()).toMatchObject({ intact: true, files: { length: 4 } });
    const shown = (await (await here.request('GET', `/v1/runs/${reply.run}`)).json()) as RunDocument;
    expect(shown.parent).toEqual({ run: other, step: 30 });
  });

  it('leaves what a combiner has learned where another takes its place', async () => {
    const { reply } = await fork({ set: { combiner: { kind: 'uncertainty' } } });
    expect(reply.remarks).toEqual(['the combiner begins anew: it is another one']);
    const [copy] = await listCheckpoints(here.db, reply.run);
    const [original] = await listCheckpoints(here.db, parent);
    const hashes = (row: typeof copy) => new Map(row?.manifest.parts.map(({ part, stateHash }) => [part, stateHash]));
    expect(hashes(copy).get('lane-0')).toBe(hashes(original).get('lane-0'));
    expect(hashes(copy).get('shared')).not.toBe(hashes(original).get('shared'));
  });
});

describe('a fork is refused, and nothing written,', () => {
  const words = [{ name: 'spell', data: { source: 'words', kind: 'pronounce' } }];
  it.each<[string, unknown, number, string, RegExp]>([
    [
      'of a checkpoint that is not there',
      { step: 30 },
      404,
      'CHECKPOINT_NOT_FOUND',
      /no checkpoint of step 30; fork one of those it has: 20, 40\.$/,
    ],
    [
      'of another model',
      { set: { 'model.encoder.hidden': 24 } },
      400,
      'SPEC_INVALID',
      /^model\.encoder\.hidden must stay/,
    ],
    [
      'of other data',
      { spec: { experiment: 'x', tasks: words, budget: { steps: 100 } } },
      400,
      'SPEC_INVALID',
      /^tasks\.spell\.data\.kind must stay spell .*, not pronounce/,
    ],
    [
      'of a file that the parent has not',
      { files: { 'a.tsv': 'data/1' } },
      400,
      'DATA_INVALID',
      /^a\.tsv is not the file that run/,
    ],
    [
      'with no steps left',
      { set: { 'budget.steps': 40 } },
      400,
      'SPEC_INVALID',
      /budget\.steps is 40, but .* has done 40 steps already; .*--steps 80/,
    ],
    [
      'of an unknown field',
      { set: { 'optimizer.lerningRate': 1 } },
      400,
      'SPEC_INVALID',
      /optimizer\.lerningRate: unknown field; did you mean "learningRate"\?/,
    ],
    [
      'of a wrong value',
      { set: { 'optimizer.learningRate': 0 } },
      400,
      'SPEC_INVALID',
      /fork of parent-\w+: optimizer\.learningRate: must be above 0, got 0/,
    ],
    [
      'of more workers than live',
      { set: { 'workers.min': 2, 'tasks.spell.replicas': 1 } },
      400,
      'SPEC_INVALID',
      /workers\.min/,
    ],
    ['of a body with another field', { steps: 3 }, 400, 'SPEC_INVALID', /steps/],
  ])('%s', async (_, body, status, code, message) => {
    await here.workers('w1');
    const before = await here.written();
    const refused = await fork(body);
    expect(refused).toMatchObject({ status, reply: { code, message: expect.stringMatching(message) } });
    expect(await here.written()).toEqual(before);
  });

  it('of a run without checkpoints, and of none', async () => {
    const young = await launch();
    const before = await here.written();
    expect((await fork({}, young)).reply).toMatchObject({
      code: 'CHECKPOINT_NOT_FOUND',
      message: `Run ${young} (queued) has no checkpoint to fork; it writes one every 200 steps.`,
    });
    expect(await fork({}, 'nobody-aaaaaaaa')).toMatchObject({ status: 404, reply: { code: 'RUN_NOT_FOUND' } });
    expect(await here.written()).toEqual(before);
  });

  it('of a checkpoint with a damaged file, whose copy is taken away again', async () => {
    const other = await launch();
    const { parts } = await storeCheckpoint(here, other, 30);
    const last = parts.at(-1)?.key ?? '';
    const bytes = await here.objects.get(last);
    await here.objects.put(
      last,
      bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)),
    );
    const before = await here.written();
    expect(await fork({}, other)).toMatchObject({
      status: 409,
      reply: { code: 'CHECKPOINT_CORRUPT', message: expect.stringContaining(last) },
    });
    expect(await here.written()).toEqual(before);
  });

  it('where Temporal does not answer', async () => {
    const away = await ApiInstallation.open({ temporalAddress: '127.0.0.1:1' });
    try {
      await away.workers('w1');
      const { spec, files } = await requireRun(here.db, parent);
      await createRun(away.db, { run: parent, experiment: 'parent', spec, files });
      await storeCheckpoint(away, parent, 20);
      const before = await away.written();
      const response = await away.request('POST', `/v1/runs/${parent}/fork`, {});
      expect(response.status).toBe(503);
      expect(await away.written()).toEqual(before);
    } finally {
      await away.close();
    }
  }, 30_000);
});

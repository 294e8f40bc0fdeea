import {
  type CheckpointVerificationDocument,
  checkpointKey,
  type PruneReplyDocument,
  type RunId,
  type RunState,
} from '@tributary/protocol';
import { endAttempt, recordGeneration, setRunState, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';
import { storeCheckpoint } from '../support/stored-checkpoint.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open();
});
afterAll(() => here.close());
beforeEach(() => here.workers('w1', 'w2', 'w3'));

async function launch(changes: Record<string, unknown> = {}): Promise<RunId> {
  const spec = {
    experiment: 'steered',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' }, replicas: 3 }],
    budget: { steps: 100 },
    ...changes,
  };
  const response = await here.request('POST', '/v1/runs', { spec });
  return ((await response.json()) as { run: RunId }).run;
}

async function running(...workers: string[]): Promise<RunId> {
  const run = await launch();
  await setRunState(here.db, run, { state: 'running', reason: null });
  const members = workers.map((worker, member) => ({ member, worker, lanes: [member] })) as never;
  await recordGeneration(here.db, { run, attempt: 1, generation: 1, members, resumeStep: 20, reason: null });
  return run;
}

async function ended(state: Exclude<RunState, 'queued'>): Promise<RunId> {
  const run = await launch();
  await setRunState(here.db, run, { state: 'running', reason: null });
  await endAttempt(here.db, run, 1, { state, reason: null });
  return run;
}

async function post<T = { code?: string; message?: string }>(run: string, verb: string, body?: unknown) {
  const response = await here.request('POST', `/v1/runs/${run}/${verb}`, body);
  return { status: response.status, reply: (await response.json()) as T };
}

async function signalsOf(run: string): Promise<unknown[]> {
  const history = await here.temporal.workflow.getHandle(run).fetchHistory();
  const attributes = history.events?.map((event) => event.workflowExecutionSignaledEventAttributes) ?? [];
  return attributes.flatMap((each) => {
    if (!each) return [];
    const [data] = each.input?.payloads?.map((payload) => Buffer.from(payload.data ?? []).toString()) ?? [];
    return [data === undefined ? each.signalName : `${each.signalName} ${data}`];
  });
}

describe('pause', () => {
  it('signals the workflow of a run that trains or waits', async () => {
    const waiting = await launch();
    expect(await post(waiting, 'pause')).toEqual({ status: 202, reply: { run: waiting, attempt: 1, state: 'queued' } });
    expect(await signalsOf(waiting)).toEqual(['pause']);
    const training = await running('w1');
    expect((await post(training, 'pause')).reply).toMatchObject({ state: 'running' });
  });

  it.each([
    ['paused', 'is paused already; go on with: npx tributary resume'],
    ['finished', 'is finished and has given its workers back; there is nothing to pause.'],
    ['failed', 'is failed and has given its workers back'],
  ] as const)('refuses a run that is %s', async (state, message) => {
    const refused = await post(await ended(state), 'pause');
    expect(refused).toMatchObject({
      status: 409,
      reply: { code: 'RUN_STATE_CONFLICT', message: expect.stringContaining(message) },
    });
  });

  it('says what to do where Temporal has lost the workflow', async () => {
    const run = await running('w1');
    await here.temporal.workflow.getHandle(run).terminate();
    for (const [verb, body] of [['pause'], ['scale', { workers: 1 }]] as const)
      expect(await post(run, verb, body)).toMatchObject({
        status: 409,
        reply: {
          code: 'RUN_STATE_CONFLICT',
          message: `Temporal has no workflow for run ${run}, though it is running; end it with: npx tributary cancel ${run}, then go on with: npx tributary resume ${run}`,
        },
      });
  });
});

describe('scale', () => {
  it('signals the number, and says what there is', async () => {
    const run = await running('w1', 'w2');
    expect(await post(run, 'scale', { workers: 3 })).toEqual({
      status: 202,
      reply: { run, attempt: 1, state: 'running', workers: 3, now: 2, free: 3 },
    });
    expect(await signalsOf(run)).toEqual(['scale 3']);
    const waiting = await launch();
    expect((await post(waiting, 'scale', { workers: 1 })).reply).toMatchObject({ state: 'queued', now: 0 });
  });

  it.each([
    [0, /workers/],
    [1.5, /workers/],
    [4, /^workers is 4, but run steered-\w+ has 3 lanes .*; give 1 to 3\.$/],
  ])('refuses %s workers', async (workers, message) => {
    const run = await running('w1');
    expect(await post(run, 'scale', { workers })).toMatchObject({
      status: 400,
      reply: { code: 'SPEC_INVALID', message: expect.stringMatching(message) },
    });
    expect(await signalsOf(run)).toEqual([]);
  });

  it('refuses a run at rest', async () => {
    expect(await post(await ended('paused'), 'scale', { workers: 1 })).toMatchObject({
      status: 409,
      reply: { message: expect.stringMatching(/is paused and has no workers; go on with: npx tributary resume/) },
    });
  });
});

describe('resume', () => {
  it('refuses a run that has stopped early, and names the way on', async () => {
    const run = await launch({ earlyStop: { metric: 'validation.loss', patience: 3 } });
    await setRunState(here.db, run, { state: 'running', reason: null });
    await endAttempt(here.db, run, 1, { state: 'finished', reason: 'stopped early' });
    for (const body of [{}, { steps: 200 }])
      expect(await post(run, 'resume', body)).toEqual({
        status: 409,
        reply: {
          code: 'RUN_STATE_CONFLICT',
          message: `Run ${run} has stopped early at step 0, by the earlyStop of its run file; to train on, fork it with more patience: npx tributary fork ${run} --set earlyStop.patience=6`,
        },
      });
  });

  it('does again what a lost last checkpoint held', async () => {
    const run = await launch();
    await setRunState(here.db, run, { state: 'running', reason: null });
    await storeCheckpoint(here, run, 80);
    await here.db.updateTable('runs').set({ step: 100 }).where('run', '=', run).execute();
    await endAttempt(here.db, run, 1, { state: 'failed', reason: 'trained to the end, but its checkpoint is lost' });
    await here.temporal.workflow.getHandle(run).terminate();
    expect(await post(run, 'resume', { steps: 80 })).toMatchObject({ status: 409 });
    expect(await post(run, 'resume')).toMatchObject({ status: 202, reply: { attempt: 2, state: 'queued' } });
  });

  it('takes another budget only where no recorded step would be done again under it', async () => {
    const run = await launch();
    await setRunState(here.db, run, { state: 'running', reason: null });
    await storeCheckpoint(here, run, 20);
    const points = [{ subject: 'task:spell' as const, series: 'train.loss', step: 25, value: 1 }];
    const record = { run, attempt: 1, generation: 1, member: 0, kind: 'points' as const, timings: [], tokens: 0 };
    await writeRecords(here.db, [{ ...record, points }]);
    await endAttempt(here.db, run, 1, { state: 'failed', reason: 'it broke' });
    await here.temporal.workflow.getHandle(run).terminate();
    expect(await post(run, 'resume', { steps: 200 })).toMatchObject({
      status: 409,
      reply: {
        message: `Run ${run} has recorded steps up to 25, beyond its newest checkpoint (step 20), and would do them again under another budget; go on without --steps, or fork it: npx tributary fork ${run} --steps 200`,
      },
    });
    expect(await post(run, 'resume', { steps: 100 })).toMatchObject({ status: 202 });
  });
});

describe('checkpoints', () => {
  const steps = async (run: string) => {
    const response = await here.request('GET', `/v1/runs/${run}/checkpoints`);
    const { checkpoints } = (await response.json()) as { checkpoints: { step: number; neededBy: string | null }[] };
    return checkpoints.map(({ step, neededBy }) => (neededBy === null ? step : `${step} ${neededBy}`));
  };

  it('are listed with what needs them', async () => {
    const run = await running('w1');
    for (const step of [10, 20, 30, 40]) await storeCheckpoint(here, run, step);
    const begins = await launch({ init: { from: { run, step: 10 } } });
    expect(await steps(run)).toEqual([
      '40 the newest',
      30,
      '20 generation 1 began with it',
      `10 run ${begins} begins with it`,
    ]);
  });

  it('are verified file by file', async () => {
    const run = await ended('finished');
    const { parts, stateHash } = await storeCheckpoint(here, run, 20);
    const verify = () => post<CheckpointVerificationDocument>(run, 'checkpoints/20/verify');
    expect(await verify()).toMatchObject({ status: 200, reply: { run, step: 20, stateHash, intact: true } });
    const [shared, task, lane] = parts.map(({ key }) => key) as [string, string, string];
    const bytes = await here.objects.get(shared);
    await here.objects.put(
      shared,
      bytes.map((byte, index) => (index === 200 ? byte ^ 1 : byte)),
    );
    await here.objects.put(task, (await here.objects.get(task)).slice(0, -1));
    await here.objects.delete(lane);
    await here.objects.put(checkpointKey(run, 20), new TextEncoder().encode('{"format":'));
    const { reply } = await verify();
    expect(reply.intact).toBe(false);
    expect(reply.files.map(({ name, problem }) => [name, problem])).toEqual([
      ['manifest', expect.stringContaining('is damaged: it is not JSON')],
      ['shared', expect.stringContaining('its SHA-256 differs from its manifest')],
      ['task-spell', expect.stringMatching(/has \d+ bytes where its manifest says \d+/)],
      ['lane-0', expect.stringContaining('is missing')],
    ]);
    expect(await post(run, 'checkpoints/30/verify')).toMatchObject({
      status: 404,
      reply: { code: 'CHECKPOINT_NOT_FOUND', message: `Run ${run} has no checkpoint of step 30; it has those of 20.` },
    });
  });

  it('are pruned, but never the newest nor one that a run needs, and only where it is meant', async () => {
    const run = await running('w1');
    for (const step of [10, 20, 30, 40]) await storeCheckpoint(here, run, step);
    const prune = (body?: object) => post<PruneReplyDocument>(run, 'checkpoints/prune', body);
    const before = await here.written();
    const dry = await prune({ keep: 1, dryRun: true });
    expect(dry.reply).toMatchObject({
      ...{ run, dryRun: true, deleted: [{ step: 30 }, { step: 10 }] },
      kept: [
        { step: 40, reason: 'the newest' },
        { step: 20, reason: 'generation 1 began with it' },
      ],
    });
    expect(await here.written()).toEqual(before);
    expect((await prune()).reply.deleted).toMatchObject([{ step: 10 }]);
    expect((await prune({ keep: 1 })).reply).toMatchObject({ dryRun: false, deleted: [{ step: 30 }] });
    expect((await prune({ keep: 1 })).reply.deleted).toEqual([]);
    expect(await steps(run)).toEqual(['40 the newest', '20 generation 1 began with it']);
    const left = await here.objects.list(`checkpoints/${run}/`);
    expect(left.map((key) => Number(key.split('/')[2]))).toEqual([20, 20, 20, 20, 40, 40, 40, 40]);
    await endAttempt(here.db, run, 1, { state: 'failed', reason: null });
    expect((await prune({ keep: 1 })).reply.deleted).toMatchObject([{ step: 20 }]);
    expect((await prune({ keep: 0 })).status).toBe(400);
  });

  it('of an unknown run are none', async () => {
    for (const verb of ['pause', 'fork', 'checkpoints/prune', 'checkpoints/1/verify'])
      expect(await post('nobody-aaaaaaaa', verb)).toMatchObject({ status: 404, reply: { code: 'RUN_NOT_FOUND' } });
    expect(await post('nobody-aaaaaaaa', 'scale', { workers: 1 })).toMatchObject({ status: 404 });
    expect((await here.request('GET', '/v1/runs/nobody-aaaaaaaa/checkpoints')).status).toBe(404);
  });
});

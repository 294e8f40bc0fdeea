import { runFileSchema } from '@tributary/config';
import { type RunId, type RunState, runStates } from '@tributary/protocol';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import {
  activeRuns,
  attemptsOf,
  createRun,
  endAttempt,
  endGeneration,
  findRun,
  forksOf,
  generationsOf,
  isLegalTransition,
  newestGeneration,
  recordGeneration,
  requireRun,
  setPrepared,
  setRunState,
  startAttempt,
  stepsAwaitedFrom,
  tasksOf,
} from './index.js';
import { testDatabase } from './test-database.fixture.js';

const spec = runFileSchema.parse({
  experiment: 'words',
  tasks: [
    { name: 'spell', data: { source: 'words', kind: 'spell' }, replicas: 2, weight: 0.5 },
    { name: 'pronounce', data: { source: 'words', kind: 'pronounce' } },
  ],
  budget: { steps: 100 },
});

const { db } = await testDatabase();
let serial = 0;

async function newRun(experiment = 'words'): Promise<RunId> {
  serial += 1;
  const run = `${experiment}-${serial}` as RunId;
  await createRun(db, { run, experiment, spec, files: { 'a.tsv': 'data/1' } });
  return run;
}

/** Puts a run into a state by legal steps. */
async function runIn(state: RunState): Promise<RunId> {
  const run = await newRun();
  await startAttempt(db, run);
  const paths: Record<RunState, Exclude<RunState, 'queued'>[]> = {
    queued: [],
    running: ['running'],
    recovering: ['running', 'recovering'],
    paused: ['running', 'paused'],
    finished: ['running', 'finished'],
    failed: ['running', 'failed'],
    cancelled: ['cancelled'],
  };
  for (const next of paths[state]) expect(await setRunState(db, run, { state: next, reason: null })).toBe(true);
  return run;
}

describe('a run', () => {
  it('is recorded with its tasks and files', async () => {
    const run = await newRun();
    expect(await requireRun(db, run)).toMatchObject({
      run,
      state: 'queued',
      attempt: 0,
      step: 0,
      spec,
      files: { 'a.tsv': 'data/1' },
      targetSteps: 100,
      stateHash: null,
      startedAt: null,
      createdAt: expect.any(Date),
    });
    expect(await tasksOf(db, run)).toEqual([
      { run, task: 'spell', position: 0, replicas: 2, weight: 0.5 },
      { run, task: 'pronounce', position: 1, replicas: 1, weight: 1 },
    ]);
    await setPrepared(db, run, { preparedKey: 'prepared/x.json', targetSteps: 50 });
    expect(await findRun(db, run)).toMatchObject({ preparedKey: 'prepared/x.json', targetSteps: 50 });
  });

  it('has an id of its own', async () => {
    const run = await newRun();
    await expect(createRun(db, { run, experiment: 'words', spec, files: {} })).rejects.toMatchObject({
      code: 'RUN_STATE_CONFLICT',
    });
    expect(await findRun(db, 'none')).toBeNull();
    await expect(requireRun(db, 'none')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(setPrepared(db, 'none', { preparedKey: '', targetSteps: 1 })).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    });
  });

  it('moves only as a run may', async () => {
    for (const from of runStates)
      for (const to of runStates) {
        if (to === 'queued') continue;
        const run = await runIn(from);
        const moved = await setRunState(db, run, { state: to, reason: 'a reason' });
        expect(moved, `${from} to ${to}`).toBe(from === to || isLegalTransition(from, to));
        expect((await requireRun(db, run)).state).toBe(moved ? to : from);
      }
    expect(await setRunState(db, 'none', { state: 'running', reason: null })).toBe(false);
    // What DESIGN's table says, written out.
    const legal = runStates.flatMap((from) =>
      runStates.filter((to) => isLegalTransition(from, to)).map((to) => `${from}>${to}`),
    );
    expect(legal).toEqual([
      'queued>running',
      'queued>failed',
      'queued>cancelled',
      'running>recovering',
      'running>paused',
      'running>finished',
      'running>failed',
      'running>cancelled',
      'recovering>running',
      'recovering>paused',
      'recovering>failed',
      'recovering>cancelled',
      'paused>queued',
      'paused>cancelled',
      'finished>queued',
      'failed>queued',
      'cancelled>queued',
    ]);
  });

  it('has attempts one after another', async () => {
    const run = await newRun();
    expect(await startAttempt(db, run)).toBe(1);
    await expect(startAttempt(db, run)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
    await setRunState(db, run, { state: 'running', reason: null });
    expect(await endAttempt(db, run, 1, { state: 'failed', reason: 'lost' })).toBe(true);
    expect(await endAttempt(db, run, 1, { state: 'failed', reason: 'lost' })).toBe(true);
    expect(await requireRun(db, run)).toMatchObject({ state: 'failed', reason: 'lost', endedAt: expect.any(Date) });

    const won = await Promise.allSettled([1, 2, 3, 4].map(() => startAttempt(db, run, { steps: 200 })));
    expect(won.filter((one) => one.status === 'fulfilled')).toEqual([{ status: 'fulfilled', value: 2 }]);
    const resumed = await requireRun(db, run);
    expect(resumed).toMatchObject({ state: 'queued', attempt: 2, targetSteps: 200, endedAt: null, reason: null });
    expect(resumed.spec.budget.steps).toBe(200);
    expect(await endAttempt(db, run, 1, { state: 'cancelled', reason: 'late' })).toBe(false);
    expect((await attemptsOf(db, run)).map(({ attempt, state, reason }) => [attempt, state, reason])).toEqual([
      [1, 'failed', 'lost'],
      [2, null, null],
    ]);
    await expect(startAttempt(db, 'none')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('is listed, newest first, while an attempt is under way', async () => {
    const [queued, running, recovering] = [await runIn('queued'), await runIn('running'), await runIn('recovering')];
    const [paused, finished] = [await runIn('paused'), await runIn('finished')];
    await db.updateTable('runs').set({ archivedAt: sql<Date>`now()` }).where('run', '=', running).execute();
    const active = (await activeRuns(db, { limit: 1_000 })).map(({ run }) => run);
    expect(active.slice(0, 3)).toEqual([recovering, running, queued]);
    expect(active).not.toContain(paused);
    expect(active).not.toContain(finished);
    expect(await activeRuns(db, { limit: 2 })).toHaveLength(2);
  });

  it('has generations that rise', async () => {
    const run = await newRun();
    expect(await newestGeneration(db, run)).toBe(0);
    const generation = { run, attempt: 1, generation: 1, members: [], resumeStep: 0, reason: null };
    await recordGeneration(db, generation);
    await recordGeneration(db, generation);
    await recordGeneration(db, { ...generation, generation: 2, resumeStep: 40, reason: 'worker-lost' });
    await endGeneration(db, { run, generation: 1, outcome: 'worker-lost', reason: 'silent' });
    await endGeneration(db, { run, generation: 1, outcome: 'finished', reason: null });
    expect(await newestGeneration(db, run)).toBe(2);
    expect(await generationsOf(db, run)).toMatchObject([
      { generation: 1, outcome: 'worker-lost', outcomeReason: 'silent' },
      { generation: 2, resumeStep: 40, outcome: null },
    ]);
  });
});

describe('a fork', () => {
  it('remembers its parent, also where that is gone, and is found from it', async () => {
    const [parent, ...children] = [await newRun('parent'), await newRun('other')];
    const forks = ['fork-a', 'fork-b'] as RunId[];
    for (const [index, run] of forks.entries()) {
      const row = await createRun(db, {
        ...{ run, experiment: 'fork', spec, files: {} },
        parent: { run: parent, step: 20 + index },
        preparedKey: 'prepared/1.json',
      });
      expect(row).toMatchObject({ parent, parentStep: 20 + index, preparedKey: 'prepared/1.json' });
    }
    expect((await forksOf(db, parent)).map(({ run }) => run)).toEqual(forks);
    expect(await forksOf(db, children[0] as RunId)).toEqual([]);
    await db.deleteFrom('runs').where('run', '=', parent).execute();
    expect(await requireRun(db, forks[0] as RunId)).toMatchObject({ parent, parentStep: 20 });
  });
});

it('stepsAwaitedFrom names what queued runs are still to begin with', async () => {
  const source = await newRun('source');
  const begin = async (step: number) => {
    const run = await newRun('beginner');
    const init = JSON.stringify({ ...spec, init: { from: { run: source, step }, match: 'all' } });
    await db.updateTable('runs').set({ spec: init }).where('run', '=', run).execute();
    return run;
  };
  const [waiting, prepared, ended] = [await begin(40), await begin(60), await begin(80)];
  await setPrepared(db, prepared, { preparedKey: 'prepared/1.json', targetSteps: 1 });
  await startAttempt(db, ended);
  await endAttempt(db, ended, 1, { state: 'cancelled', reason: null });
  expect(await stepsAwaitedFrom(db, source)).toEqual([{ run: waiting, step: 40 }]);
});

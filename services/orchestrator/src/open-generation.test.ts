import type { GenerationOutcome, RunId, WorkerId } from '@tributary/protocol';
import { startAttempt } from '@tributary/run-store';
import type { OpenGenerationInput } from '@tributary/workflows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeAgent } from '../test/fake-agent.js';
import { Installation } from '../test/installation.js';
import { makeCheckpoint } from '../test/made-runs.js';
import { orchestratorParts } from '../test/orchestrator-parts.js';
import { leaseSlots } from './activities/lease-slots.js';
import { openGeneration } from './activities/open-generation.js';
import { prepare } from './activities/prepare.js';
import { recordGeneration } from './activities/record-generation.js';
import type { OrchestratorParts } from './orchestrator-parts.js';
import { keepWorkerRows } from './worker-rows.js';

let here: Installation;
let parts: OrchestratorParts;
let endRows: () => Promise<void>;
const signal = new AbortController().signal;
const lost: GenerationOutcome = { kind: 'worker-lost', workers: [], unreachable: [], step: 3, reason: 'killed' };

beforeAll(async () => {
  here = await Installation.open();
  parts = await orchestratorParts(here);
  endRows = keepWorkerRows(parts);
});
afterAll(async () => {
  here.postgres.release();
  await endRows();
  parts.roster.close();
  await here.close();
});

/** A prepared run's first attempt, and agents for it that go on until they are closed. */
async function begin(name: string, workers: readonly string[]) {
  const agents = await Promise.all(
    workers.map((worker) => here.agent(`${name}-${worker}`, { targetSteps: 100_000, checkpointEvery: 100_000 })),
  );
  const run = await here.create({ name, tasks: 2 });
  const attempt = await startAttempt(here.db, run);
  const { preparedKey } = await prepare(parts)({ run, attempt }, signal);
  const names = agents.map((agent) => agent.worker);
  const input: OpenGenerationInput = {
    run,
    attempt,
    decisionId: `${run}.1.0`,
    preparedKey,
    workers: names,
    wanted: null,
    spentMs: 0,
    previous: null,
    reason: null,
  };
  let decisions = 0;
  const open = async (over: Partial<OpenGenerationInput> = {}) => {
    const opened = await openGeneration(parts)({ ...input, decisionId: `${run}.1.${decisions}`, ...over }, signal);
    decisions += 1;
    if (opened.kind !== 'opened') throw new Error(opened.reason);
    return opened;
  };
  const record = (opened: Awaited<ReturnType<typeof open>>) =>
    recordGeneration(parts)({ run, attempt, reason: null, kind: 'opened', opened, previous: null });
  return { run, attempt, agents, names, input, open, record };
}

/** Until every agent holds a whole snapshot with all copies of this step or a later one. */
async function snapshotted(run: RunId, agents: readonly FakeAgent[], step: number): Promise<void> {
  await here.until(async () => {
    for (const agent of agents) {
      const parts = new Set((await agent.folder.list(run)).filter((part) => part.step >= step).map(({ part }) => part));
      if (parts.size < 5) return false;
    }
    return true;
  });
}

it('opens a decision once, however often and from however many orchestrators it is asked, and the next with the next number', async () => {
  const { run, input } = await begin('once', ['w1']);
  const ask = () => openGeneration(parts)(input, signal);
  const [first, ...others] = await Promise.all([ask(), ask(), ask()]);
  for (const other of others) expect(other).toEqual(first);
  expect(first).toMatchObject({ kind: 'opened', generation: 1, resumeStep: 0 });
  expect(await ask()).toEqual(first);
  const next = {
    ...input,
    decisionId: `${run}.1.1`,
    previous: { generation: 1, members: 1, outcome: lost },
    spentMs: 7,
  };
  expect(await openGeneration(parts)(next, signal)).toMatchObject({ kind: 'opened', generation: 2 });
  expect(await here.document(run)).toMatchObject({
    spentMs: 7,
    starts: [
      { generation: 1, resumeStep: 0 },
      { generation: 2, resumeStep: expect.any(Number) },
    ],
  });
  await expect(openGeneration(parts)({ ...input, attempt: 0, decisionId: 'old' }, signal)).rejects.toMatchObject({
    code: 'GENERATION_SUPERSEDED',
  });
});

it('says that no worker answers, at once where that is known', async () => {
  const { input } = await begin('nobody', []);
  const gone = { ...input, workers: ['gone' as WorkerId] };
  const outcome: GenerationOutcome = { ...lost, workers: ['gone'], unreachable: ['gone'] };
  const began = performance.now();
  const known = { ...gone, previous: { generation: 1, members: 1, outcome } };
  expect(await openGeneration(parts)(known, signal)).toMatchObject({ kind: 'no-workers' });
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(await openGeneration(parts)(gone, signal)).toEqual({
    kind: 'no-workers',
    reason: 'none of the leased workers answers: gone',
  });
});

it('goes on from the newest whole snapshot, gives every member a buddy, and prefers no older checkpoint', async () => {
  const { run, agents, open } = await begin('snapshot', ['w1', 'w2']);
  await open();
  await snapshotted(run, agents, 8);
  agents[1]?.killTrainer();
  await makeCheckpoint(here.db, here.objects, run, 5);
  const opened = await open();
  expect(opened.resumeStep).toBeGreaterThanOrEqual(8);
  const { resume, members } = await here.document(run);
  expect(resume).toMatchObject({ checkpointKey: null, snapshot: { generation: 1 } });
  expect(resume.snapshot?.parts.map(({ part }) => part)).toEqual(['shared', 'task-t0', 'task-t1', 'lane-0', 'lane-1']);
  for (const { holders } of resume.snapshot?.parts ?? []) expect(holders).toHaveLength(2);
  expect(members.map(({ buddy }) => buddy)).toEqual(members.map(({ worker }) => worker).toReversed());
  // The fake trainers check the state that they restore.
  await agents[1]?.reached(opened.resumeStep + 1);
});

it('passes over a snapshot that is not whole, and goes on from the checkpoint once none is', async () => {
  const { run, agents, open } = await begin('torn', ['w1', 'w2']);
  await open();
  await snapshotted(run, agents, 8);
  for (const agent of agents) agent.killTrainer();
  await makeCheckpoint(here.db, here.objects, run, 3);
  const steps = [...new Set((await agents[0]?.folder.list(run))?.map(({ step }) => step))].sort((a, b) => b - a);
  for (const agent of agents)
    await agent.folder.forget({ run, generation: 1, step: steps[0] as number, part: 'lane-1' });
  expect((await open()).resumeStep).toBe(steps[1]);
  for (const agent of agents) await agent.folder.drop(run);
  for (const agent of agents) agent.killTrainer();
  for (const agent of agents) await agent.folder.drop(run);
  await open();
  expect((await here.document(run)).resume).toMatchObject({ step: 3, checkpointKey: expect.any(String) });
});

it('goes on without Postgres where a snapshot is whole, and waits for it where none is', async () => {
  const { run, attempt, agents, names, open, input, record } = await begin('nopostgres', ['w1', 'w2']);
  const { workers } = await leaseSlots(parts)({ run, attempt, wanted: 2, held: [] }, signal);
  await record(await open({ workers }));
  const [first] = agents.filter((agent) => workers.includes(agent.worker));
  await first?.reached(8);
  here.postgres.hold();
  first?.killTrainer();
  const began = performance.now();
  const kept = await leaseSlots(parts)({ run, attempt, wanted: null, held: workers }, signal);
  expect(kept.workers).toEqual(workers);
  const opened = await open({ workers: kept.workers });
  expect(opened).toMatchObject({ generation: 2, workers });
  expect(opened.resumeStep).toBeGreaterThanOrEqual(4);
  expect(performance.now() - began).toBeLessThan(8_000);
  for (const agent of agents) agent.killTrainer();
  for (const agent of agents) await agent.folder.drop(run);
  await expect(openGeneration(parts)({ ...input, decisionId: 'third', workers: names }, signal)).rejects.toMatchObject({
    code: 'SERVER_FAILED',
    message: expect.stringContaining('Postgres does not answer'),
  });
  here.postgres.release();
  expect(await open({ decisionId: 'third' })).toMatchObject({ generation: 3, resumeStep: 0 });
});

import { attemptsOf, endAttempt, leaseQueue, leasesOf, listLeases } from '@tributary/run-store';
import { cancelSignal, pauseSignal, statusQuery } from '@tributary/workflows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation, quietTemporal } from '../test/installation.js';

beforeAll(() => quietTemporal());
const opened: Installation[] = [];
async function installation(): Promise<Installation> {
  const here = await Installation.open();
  opened.push(here);
  return here;
}
afterAll(async () => {
  for (const here of opened) await here.close();
});

it('trains a run to its end, with a history as long for 20 steps as for 200', async () => {
  const here = await installation();
  await here.orchestrate();
  const agents = await Promise.all([here.agent('w1', { stepMs: 4 }), here.agent('w2', { stepMs: 4 })]);
  const lengths: number[] = [];
  for (const steps of [20, 200]) {
    for (const agent of agents) agent.targetSteps = steps;
    const { run, handle } = await here.launch({ name: `steps${steps}`, steps });
    expect(await handle.result()).toEqual({ state: 'finished', reason: null });
    expect(await here.row(run)).toMatchObject({ state: 'finished', attempt: 1, step: steps, targetSteps: steps });
    expect(await here.document(run)).toMatchObject({ state: 'closed', generation: 1 });
    expect((await leasesOf(here.db, run)).filter((lease) => lease.releasedAt === null)).toEqual([]);
    expect(await here.endingsOf(run)).toEqual([]);
    lengths.push(await here.historyLength(run));
    if (steps === 20) await here.keepHistory('finished', run);
  }
  // Two activities that end together take one workflow task of three events, not two.
  expect(Math.abs((lengths[1] ?? 0) - (lengths[0] ?? 0))).toBeLessThanOrEqual(6);
  const states = here.events.filter((event) => event.kind === 'state').map((event) => event.state);
  expect(states).toEqual(['running', 'finished', 'running', 'finished']);
});

it('cancels a run that waits for slots at once, and leaves its place in the queue', async () => {
  const here = await installation();
  await here.orchestrate();
  const { run, handle } = await here.launch({ name: 'queued' });
  await here.until(async () => (await leaseQueue(here.db)).length === 1);
  expect(await handle.query(statusQuery)).toMatchObject({ state: 'queued', generation: 0, stop: null });
  const before = Date.now();
  await handle.signal(cancelSignal);
  expect(await handle.result()).toEqual({ state: 'cancelled', reason: 'cancelled by request' });
  expect(Date.now() - before).toBeLessThan(5_000);
  expect(await here.row(run)).toMatchObject({ state: 'cancelled', reason: 'cancelled by request' });
  expect(await leaseQueue(here.db)).toEqual([]);
  await here.keepHistory('cancelled-while-queued', run);
});

it('cancels a running run at an agreed step, and resumes it from there as another attempt', async () => {
  const here = await installation();
  await here.orchestrate();
  const agents = await Promise.all(['w1', 'w2'].map((name) => here.agent(name, { targetSteps: 1_000 })));
  const { run, handle } = await here.launch({ name: 'cancel', steps: 1_000 });
  await agents[0]?.reached(7);
  await handle.signal(cancelSignal);
  expect(await handle.result()).toMatchObject({ state: 'cancelled' });
  const cancelled = await here.row(run);
  expect(cancelled.step).toBeGreaterThanOrEqual(7);
  expect(cancelled.reason).toBe(`cancelled by request at step ${cancelled.step}`);
  await here.keepHistory('cancelled-while-running', run);

  for (const agent of agents) agent.targetSteps = cancelled.step + 10;
  const second = await here.resume(run);
  expect(await second.result()).toEqual({ state: 'finished', reason: null });
  expect(await here.document(run)).toMatchObject({ attempt: 2, generation: 2, resume: { step: cancelled.step } });
  expect((await attemptsOf(here.db, run)).map((attempt) => attempt.state)).toEqual(['cancelled', 'finished']);
});

it('pauses a run at an agreed step and gives its slots back', async () => {
  const here = await installation();
  await here.orchestrate({ reapEveryMs: 100 });
  const agent = await here.agent('w1', { targetSteps: 1_000 });
  const { run, handle } = await here.launch({ name: 'pause', steps: 1_000 });
  await agent.reached(3);
  await handle.signal(pauseSignal);
  expect(await handle.result()).toMatchObject({ state: 'paused' });
  expect((await here.row(run)).state).toBe('paused');
  await here.until(async () => (await listLeases(here.db)).length === 0);
  await here.keepHistory('paused', run);
});

it('cancels a run whose workflow was cancelled by Temporal itself', async () => {
  const here = await installation();
  await here.orchestrate();
  const agent = await here.agent('w1', { targetSteps: 1_000 });
  const { run, handle } = await here.launch({ name: 'tcancel', steps: 1_000 });
  await agent.reached(3);
  await handle.cancel();
  expect(await handle.result()).toMatchObject({ state: 'cancelled' });
  expect((await here.row(run)).state).toBe('cancelled');
});

it('fails a run whose data are bad, with the reason and without taking a slot', async () => {
  const here = await installation();
  await here.orchestrate();
  await here.agent('w1');
  const { run, handle } = await here.launch({ name: 'baddata', data: '{"source": "a", "target": "b"}\nnot json\n' });
  const ended = await handle.result();
  expect(ended.state).toBe('failed');
  expect(ended.reason).toContain('line 2');
  expect(await here.row(run)).toMatchObject({ state: 'failed', reason: ended.reason, startedAt: null });
  expect(await listLeases(here.db)).toEqual([]);
  await here.keepHistory('bad-data', run);
});

it("fails a run with its trainer's own reason", async () => {
  const here = await installation();
  await here.orchestrate();
  const agent = await here.agent('w1');
  agent.failure = { outcome: 'failed', step: 0, code: 'NON_FINITE', reason: 'the loss of task t0 is NaN at step 3' };
  const { run, handle } = await here.launch({ name: 'nonfinite' });
  expect(await handle.result()).toEqual({
    state: 'failed',
    reason: 'failed at step 0: worker w1: the loss of task t0 is NaN at step 3',
  });
  await here.keepHistory('failed', run);
});

it('says so when the recorder does not deliver', async () => {
  const here = await installation();
  await here.stopRecorder();
  await here.orchestrate({ recorderPatienceMs: 300 });
  await here.agent('w1');
  const { handle } = await here.launch({ name: 'norecorder' });
  const ended = await handle.result();
  expect(ended.state).toBe('failed');
  expect(ended.reason).toContain("1 of 1 members' last records and the checkpoint of step 20");
});

it('ends a run whose workflow was terminated, and closes its generation', async () => {
  const here = await installation();
  await here.orchestrate({ reapEveryMs: 100, reapAfterMs: 0 });
  const agent = await here.agent('w1', { targetSteps: 100_000 });
  const { run, handle } = await here.launch({ name: 'terminated', steps: 100_000 });
  await agent.reached(3);
  await handle.terminate('by an operator');
  const event = await here.stateEvent(run, 'failed');
  expect(event.reason).toContain('terminated');
  expect(await here.document(run)).toMatchObject({ state: 'closed' });
  await here.until(async () => (await listLeases(here.db)).length === 0);
  // A second end of the same attempt changes nothing.
  expect(await endAttempt(here.db, run, 1, { state: 'finished', reason: null })).toBe(false);
});

import { defaultLimits } from '@tributary/planner';
import { generationsOf, listCheckpoints } from '@tributary/run-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation, quietTemporal } from '../test/installation.js';

const supervisionLimits = { ...defaultLimits, silenceMs: 2_500 };

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

it('opens another generation from the newest checkpoint when a trainer dies, on the same workers', async () => {
  const here = await installation();
  await here.orchestrate();
  const agents = await Promise.all(['w1', 'w2'].map((name) => here.agent(name, { targetSteps: 60 })));
  const { run, handle } = await here.launch({ name: 'died', steps: 60 });
  await agents[1]?.reached(12);
  await here.until(async () => (await listCheckpoints(here.db, run)).some((checkpoint) => checkpoint.step === 10));
  agents[1]?.killTrainer();
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  const [first, second] = await generationsOf(here.db, run);
  expect(first).toMatchObject({ generation: 1, resumeStep: 0, outcome: 'worker-lost' });
  expect(first?.outcomeReason).toBe('worker w2: killed by SIGKILL');
  expect(second).toMatchObject({ generation: 2, outcome: 'finished', reason: 'worker w2: killed by SIGKILL' });
  expect(second?.resumeStep).toBeGreaterThanOrEqual(10);
  expect(second?.members.map((member) => member.worker)).toEqual(['w1', 'w2']);
  expect(here.events.flatMap((event) => (event.kind === 'state' ? [event.state] : []))).toEqual([
    'running',
    'recovering',
    'running',
    'finished',
  ]);
  await here.keepHistory('trainer-died', run);
});

it('goes on with the survivors when a worker falls silent, naming it', async () => {
  const here = await installation();
  await here.orchestrate({ supervisionLimits });
  const [survivor, silent] = await Promise.all(['w1', 'w2'].map((name) => here.agent(name, { targetSteps: 40 })));
  const { run, handle } = await here.launch({ name: 'silent', steps: 40 });
  await survivor?.reached(6);
  silent?.setSilent(true);
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  const [first, second] = await generationsOf(here.db, run);
  expect(first?.outcomeReason).toMatch(/^worker w2: no beacon for/);
  expect(second?.members.map((member) => member.worker)).toEqual(['w1']);
  expect(second?.members[0]?.lanes).toEqual([0, 1]);
  expect(here.events).toContainEqual({ kind: 'notice', run, text: expect.stringMatching(/^Worker w2 is unreachable/) });
  await here.keepHistory('worker-silent', run);
});

it('waits for a slot when no worker is left, and goes on once one has come', async () => {
  const here = await installation();
  await here.orchestrate({ supervisionLimits });
  const only = await here.agent('w1', { targetSteps: 40 });
  const { run, handle } = await here.launch({ name: 'alone', steps: 40 });
  await only.reached(6);
  only.setSilent(true);
  await here.until(async () => (await here.document(run)).state === 'closed');
  expect(await here.row(run)).toMatchObject({
    state: 'recovering',
    reason: expect.stringContaining('no worker is left'),
  });
  await here.agent('w2', { targetSteps: 40 });
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  const generations = await generationsOf(here.db, run);
  expect(generations.map((one) => one.members.map((member) => member.worker))).toEqual([['w1'], ['w2']]);
  await here.keepHistory('no-worker-left', run);
});

it("fails once its trainer has crashed three times in a row, with the trainer's reason", async () => {
  const here = await installation();
  await here.orchestrate();
  const agent = await here.agent('w1');
  agent.diesAtStart = 'exit code 134: the TensorFlow library could not be loaded';
  const { run, handle } = await here.launch({ name: 'neverstarts' });
  const ended = await handle.result();
  expect(ended.state).toBe('failed');
  expect(ended.reason).toContain('the trainer crashed 3 times in a row');
  expect(ended.reason).toContain('could not be loaded');
  expect(await generationsOf(here.db, run)).toHaveLength(3);
  await here.keepHistory('never-starts', run);
});

it('loses nothing when the orchestrator is replaced while a generation trains', async () => {
  const here = await installation();
  const first = await here.orchestrate();
  const agents = await Promise.all(['w1', 'w2'].map((name) => here.agent(name, { targetSteps: 150 })));
  const { run, handle } = await here.launch({ name: 'handover', steps: 150 });
  await agents[0]?.reached(5);
  await first.stop();
  const stepAtStop = agents[0]?.trainer?.step ?? 0;
  await agents[0]?.reached(stepAtStop + 20);
  await here.orchestrate();
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  expect(await generationsOf(here.db, run)).toHaveLength(1);
  await here.keepHistory('orchestrator-replaced', run);
});

it('learns of an end that came while no orchestrator was there', async () => {
  const here = await installation();
  const first = await here.orchestrate();
  const agent = await here.agent('w1', { targetSteps: 30 });
  const { run, handle } = await here.launch({ name: 'unwatched', steps: 30 });
  await agent.reached(5);
  await first.stop();
  await agent.reached(30);
  await here.orchestrate();
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  expect(await generationsOf(here.db, run)).toHaveLength(1);
});

it('continues as new between generations and keeps its count of generations and losses', async () => {
  const here = await installation();
  await here.orchestrate();
  const agent = await here.agent('w1', { targetSteps: 40, checkpointEvery: 5 });
  const { run, handle } = await here.launch({ name: 'renewed', steps: 40, generationsPerExecution: 1 });
  for (const step of [3, 8]) {
    await agent.reached(step);
    agent.killTrainer();
  }
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  expect(await generationsOf(here.db, run)).toHaveLength(3);
  expect((await here.document(run)).decisionId).toBe(`${run}.1.2`);
  await here.keepHistory('continued-as-new', run);
});

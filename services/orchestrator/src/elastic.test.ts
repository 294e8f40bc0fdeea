import type { RunId } from '@tributary/protocol';
import { generationsOf, type LeaseRow, listLeases } from '@tributary/run-store';
import { scaleSignal, statusQuery } from '@tributary/workflows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeAgent } from '../test/fake-agent.js';
import { Installation, quietTemporal } from '../test/installation.js';

const endless = { targetSteps: 1_000_000, checkpointEvery: 1_000_000, snapshotEvery: 7 };

beforeAll(() => quietTemporal());
const opened: Installation[] = [];
async function installation(): Promise<Installation> {
  const here = await Installation.open();
  opened.push(here);
  await here.orchestrate({ reapEveryMs: 500 });
  return here;
}
afterAll(async () => {
  for (const here of opened) {
    here.postgres.release();
    await here.close();
  }
});

const workersOf = async (here: Installation, run: RunId) =>
  (await here.document(run)).members.map(({ worker }) => worker as string);
const held = (leases: readonly LeaseRow[]) =>
  leases.filter(({ releasedAt }) => releasedAt === null).map(({ worker }) => worker);

/** Lets the run end a few steps on, wherever it is. */
function finishSoon(agents: readonly FakeAgent[]): void {
  const step = Math.max(...agents.map((agent) => agent.trainer?.step ?? 0));
  for (const agent of agents) agent.finishAt(step + 20);
}

/** Every step up to the end was done, in rising order, by each generation from where the one before had stopped. */
function expectNoStepTwice(agents: readonly FakeAgent[], upTo: number): void {
  const doneBy = new Map<number, Set<number>>();
  for (const { step, generation } of agents.flatMap((agent) => agent.done))
    doneBy.set(step, (doneBy.get(step) ?? new Set()).add(generation));
  expect([...doneBy.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: upTo }, (_, index) => index + 1));
  expect([...doneBy].filter(([, generations]) => generations.size !== 1)).toEqual([]);
}

it('grows to workers that join, shrinks and grows as it is scaled, and lets one that drains go: no step is done twice', async () => {
  const here = await installation();
  const agents = [await here.agent('w1', endless)];
  const { run, handle } = await here.launch({ name: 'elastic', tasks: 3, steps: 20 });
  await agents[0]?.reached(3);

  // Two join: the run takes them, since no other one waits.
  agents.push(await here.agent('w2', endless), await here.agent('w3', endless));
  await here.until(async () => (await workersOf(here, run)).length === 3);
  await agents[2]?.reached(10);

  await handle.signal(scaleSignal, 2);
  await here.until(async () => (await workersOf(here, run)).length === 2);
  expect(await workersOf(here, run)).toEqual(['w1', 'w2']);
  await here.until(
    async () => held(await listLeases(here.db)).length === 2 && (await listLeases(here.db)).length === 2,
  );

  // The one that leaves is replaced by the one that was given back.
  await agents[0]?.trains((await here.document(run)).generation);
  agents[0]?.drain();
  await here.until(async () => (await workersOf(here, run)).join() === 'w2,w3');
  await agents[2]?.trains((await here.document(run)).generation);
  await here.until(async () => (await listLeases(here.db)).map(({ worker }) => worker).join() === 'w2,w3');
  expect((await handle.query(statusQuery)).wanted).toBe(2);

  finishSoon(agents);
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  const generations = await generationsOf(here.db, run);
  expect(generations.slice(0, -1).map(({ outcome }) => outcome)).toEqual(generations.slice(1).map(() => 'handed-over'));
  expectNoStepTwice(agents, (await here.row(run)).step);
  expect(here.events.flatMap((event) => (event.kind === 'state' ? [event.state] : [])).at(-1)).toBe('finished');
  await here.until(async () => (await listLeases(here.db)).length === 0);
  await here.keepHistory('elastic', run);
});

it('waits for a slot where the only worker drains, and goes on from the hand-over', async () => {
  const here = await installation();
  const leaving = await here.agent('w1', endless);
  const { run, handle } = await here.launch({ name: 'alone', tasks: 1 });
  await leaving.reached(5);
  leaving.drain();
  await here.until(async () => (await here.document(run)).state === 'closed');
  const stopped = leaving.trainer?.step ?? leaving.done.at(-1)?.step ?? 0;
  expect((await here.row(run)).state).toBe('recovering');
  const coming = await here.agent('w2', endless);
  await coming.reached(stopped + 3);
  finishSoon([coming]);
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  expectNoStepTwice([leaving, coming], (await here.row(run)).step);
});

it('lets no run grow while another one waits', async () => {
  const here = await installation();
  const agents = [await here.agent('w1', endless)];
  const first = await here.launch({ name: 'first', tasks: 3 });
  await agents[0]?.reached(3);
  const second = await here.launch({ name: 'second', tasks: 3, workers: { min: 1, max: 1 } });
  await here.until(async () => (await here.queue()).includes(second.run));
  agents.push(await here.agent('w2', endless));
  await agents[1]?.reached(3);
  expect(agents[1]?.trainer?.run).toBe(second.run);
  expect(await workersOf(here, first.run)).toEqual(['w1']);
  finishSoon(agents);
  await Promise.all([first.handle.result(), second.handle.result()]);
});

it('recovers without Postgres onto the workers it has, and records everything once Postgres is back', async () => {
  const here = await installation();
  const agents = await Promise.all(['w1', 'w2'].map((name) => here.agent(name, endless)));
  const { run, handle } = await here.launch({ name: 'outage', tasks: 2 });
  await agents[0]?.reached(10);
  await here.until(async () => (await generationsOf(here.db, run)).length === 1);
  here.postgres.hold();
  for (const generation of [2, 3]) {
    agents[1]?.killTrainer();
    await agents[0]?.trains(generation);
    await agents[1]?.reached((agents[1]?.trainer?.step ?? 0) + 10);
  }
  expect(await generationsOf(here.db, run)).toHaveLength(1);
  here.postgres.release();
  finishSoon(agents);
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  const rows = await generationsOf(here.db, run);
  expect(rows.map(({ generation, outcome }) => [generation, outcome])).toEqual([
    [1, 'worker-lost'],
    [2, 'worker-lost'],
    [3, 'finished'],
  ]);
  expect(rows[1]?.resumeStep).toBeGreaterThanOrEqual(7);
  await here.until(async () => (await listLeases(here.db)).length === 0);
  await here.keepHistory('without-postgres', run);
});

import { generationsOf, leaseQueue } from '@tributary/run-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation, quietTemporal } from '../test/installation.js';

beforeAll(() => quietTemporal());
let here: Installation | undefined;
afterAll(async () => await here?.close());

it('finishes two runs that together want more workers than exist: one waits, none deadlocks', async () => {
  here = await Installation.open();
  const { db } = here;
  await here.orchestrate();
  const agents = await Promise.all(['w1', 'w2', 'w3'].map((name) => here?.agent(name, { targetSteps: 200 })));
  const launch = { tasks: 3, workers: { min: 2, max: 3 }, steps: 200 };
  const first = await here.launch({ name: 'first', ...launch });
  await here.stateEvent(first.run, 'running');
  const second = await here.launch({ name: 'second', ...launch });
  await here.until(async () => (await leaseQueue(db)).length === 1);
  expect((await here.row(second.run)).state).toBe('queued');
  expect((await here.row(first.run)).state).toBe('running');
  for (const agent of agents) if (agent !== undefined) agent.targetSteps = 20;
  expect(await Promise.all([first.handle.result(), second.handle.result()])).toEqual([
    { state: 'finished', reason: null },
    { state: 'finished', reason: null },
  ]);
  const [one] = await generationsOf(db, first.run);
  const [two] = await generationsOf(db, second.run);
  if (!one?.endedAt || !two) throw new Error('a generation is missing');
  expect(one.members).toHaveLength(3);
  expect(two.members.length).toBeGreaterThanOrEqual(2);
  expect(two.openedAt.getTime()).toBeGreaterThanOrEqual(one.endedAt.getTime());
  await here.keepHistory('waited-for-slots', second.run);
});

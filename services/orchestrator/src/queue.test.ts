import { generationsOf } from '@tributary/run-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation, quietTemporal } from '../test/installation.js';

beforeAll(() => quietTemporal());
let here: Installation | undefined;
afterAll(async () => await here?.close());

it('finishes two runs that together want more workers than exist, one after the other', async () => {
  here = await Installation.open();
  await here.orchestrate();
  await Promise.all(['w1', 'w2', 'w3'].map((name) => here?.agent(name, { targetSteps: 30 })));
  const launch = { tasks: 3, workers: { min: 2, max: 3 }, steps: 30 };
  const first = await here.launch({ name: 'first', ...launch });
  const second = await here.launch({ name: 'second', ...launch });
  await here.stateEvent(first.run, 'running');
  expect((await here.row(second.run)).state).toBe('queued');
  expect(await Promise.all([first.handle.result(), second.handle.result()])).toEqual([
    { state: 'finished', reason: null },
    { state: 'finished', reason: null },
  ]);
  const [one] = await generationsOf(here.db, first.run);
  const [two] = await generationsOf(here.db, second.run);
  if (!one?.endedAt || !two) throw new Error('a generation is missing');
  expect(one.members).toHaveLength(3);
  expect(two.openedAt.getTime()).toBeGreaterThanOrEqual(one.endedAt.getTime());
  await here.keepHistory('waited-for-slots', second.run);
});

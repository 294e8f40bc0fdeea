import { leaseQueue, listLeases } from '@tributary/run-store';
import { cancelSignal, pauseSignal, scaleSignal, statusQuery } from '@tributary/workflows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeAgent } from '../test/fake-agent.js';
import { Installation, quietTemporal } from '../test/installation.js';

beforeAll(() => quietTemporal());
let here: Installation;
let first: FakeAgent;
let second: FakeAgent;
beforeAll(async () => {
  here = await Installation.open();
  await here.orchestrate({ reapEveryMs: 200 });
});
afterAll(async () => await here.close());

it('begins a run that waits for more workers than there are, once it is scaled to as many', async () => {
  first = await here.agent('w1', { targetSteps: 10, checkpointEvery: 5 });
  const { run, handle } = await here.launch({ name: 'less', workers: { min: 2, max: 2 }, steps: 10 });
  await here.until(async () => (await leaseQueue(here.db)).length === 1);
  await handle.signal(scaleSignal, 0);
  await handle.signal(scaleSignal, 1.5);
  expect((await handle.query(statusQuery)).wanted).toBeNull();
  await handle.signal(scaleSignal, 1);
  expect(await handle.result()).toEqual({ state: 'finished', reason: null });
  expect(await handle.query(statusQuery)).toMatchObject({ wanted: 1, workers: ['w1'], state: 'finished' });
  await here.keepHistory('scaled-while-queued', run);
});

it('pauses a run at once that waits for a worker, and resumes it on another one from its checkpoint', async () => {
  first.targetSteps = 1_000;
  const { run, handle } = await here.launch({ name: 'waiting', tasks: 1, steps: 1_000 });
  await first.reached(7);
  first.drain();
  await here.until(async () => (await here.document(run)).state === 'closed');
  await handle.signal(pauseSignal);
  expect(await handle.result()).toEqual({ state: 'paused', reason: 'paused by request' });
  expect((await here.row(run)).state).toBe('paused');
  expect(await leaseQueue(here.db)).toEqual([]);
  await here.keepHistory('paused-while-recovering', run);

  const { step } = await here.row(run);
  expect(step).toBeGreaterThanOrEqual(5);
  second = await here.agent('w2', { targetSteps: step + 5, checkpointEvery: 5 });
  const resumed = await here.resume(run);
  expect(await resumed.result()).toEqual({ state: 'finished', reason: null });
  expect((await here.document(run)).resume.step).toBe(step);
  await here.until(async () => (await listLeases(here.db)).length === 0);
});

it('cancels a run that was asked to pause first, and never the other way round', async () => {
  second.targetSteps = 100_000;
  const { handle } = await here.launch({ name: 'both', tasks: 1, steps: 100_000 });
  await second.reached(3);
  await Promise.all([handle.signal(pauseSignal), handle.signal(cancelSignal)]);
  await handle.signal(pauseSignal).catch(() => undefined);
  expect(await handle.result()).toMatchObject({ state: 'cancelled' });
});

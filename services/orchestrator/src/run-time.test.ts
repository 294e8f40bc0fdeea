import { attemptsOf, generationsOf, listCheckpoints, runTimeOf } from '@tributary/run-store';
import { createMetrics, type Metrics } from '@tributary/telemetry';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Installation, quietTemporal } from '../test/installation.js';

let here: Installation;
beforeAll(() => quietTemporal());
beforeEach(async () => {
  here = await Installation.open();
});
afterEach(() => here.close());

async function attemptSeconds(run: string): Promise<number> {
  const attempts = await attemptsOf(here.db, run);
  return attempts.reduce(
    (sum, { startedAt, endedAt }) => sum + ((endedAt?.getTime() ?? Number.NaN) - startedAt.getTime()) / 1_000,
    0,
  );
}

/** The values of a metric's series of a run, by one of its labels. */
async function seriesOf(metrics: Metrics, name: string, run: string, label: string): Promise<Record<string, number>> {
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines
      .filter((line) => line.includes(`run_id="${run}"`))
      .map((line) => [new RegExp(`${label}="([^"]*)"`).exec(line)?.[1] ?? '', Number(line.split(' ').at(-1))]),
  );
}

it("accounts for all of an attempt's time, and for the steps that a dead trainer lost", async () => {
  const metrics = createMetrics();
  await here.orchestrate({}, metrics);
  // Without snapshots it goes back to a checkpoint.
  const options = { targetSteps: 60, stepMs: 40, checkpointEvery: 20, snapshotEvery: 1_000 };
  const agents = await Promise.all(['w1', 'w2'].map((name) => here.agent(name, options)));
  const { run, handle } = await here.launch({ name: 'accounted', steps: 60 });
  await here.until(async () => (await listCheckpoints(here.db, run)).length > 0);
  await agents[0]?.reached(30);
  agents[1]?.killTrainer();
  expect(await handle.result()).toMatchObject({ state: 'finished' });

  const time = await runTimeOf(here.db, run);
  if (time === null) throw new Error('nothing is known of its time');
  expect(time.seconds).toBeCloseTo(await attemptSeconds(run), 1);
  const badput = Object.values(time.badputSeconds).reduce((sum, seconds) => sum + seconds, 0);
  expect(time.goodputSeconds + badput).toBeCloseTo(time.seconds, 6);
  // 60 steps of 40 ms at least, and what was redone beside.
  expect(time.goodputSeconds).toBeGreaterThan(1.5);
  const [first, second] = await generationsOf(here.db, run);
  expect([first?.recovery, second?.recovery]).toEqual(['worker-lost', null]);
  const lost = (first?.time?.reachedStep ?? 0) - (second?.resumeStep ?? 0);
  expect(lost).toBeGreaterThan(0);
  expect(time.lostSteps).toEqual({ 'worker-lost': lost });
  expect(time.badputSeconds.redone).toBeGreaterThan(0.5 * lost * 0.04);
  expect(time.badputSeconds['worker-lost']).toBeGreaterThan(0);

  expect(await seriesOf(metrics, 'tributary_badput_seconds_total', run, 'cause')).toEqual({
    ...Object.fromEntries(
      Object.entries(time.badputSeconds).map(([cause, seconds]) => [cause, expect.closeTo(seconds, 1)]),
    ),
  });
  expect(await seriesOf(metrics, 'tributary_lost_steps_total', run, 'cause')).toEqual({ 'worker-lost': lost });
  expect(await seriesOf(metrics, 'tributary_run_info', run, 'run_id')).toEqual({ [run]: 1 });
  const recoveries = await metrics.recoveryDurationSeconds.get();
  const counted = recoveries.values.filter(({ metricName }) => metricName?.endsWith('_count'));
  expect(counted.map(({ labels, value }) => [labels.cause, value])).toEqual([['worker-lost', 1]]);
  for (let scrape = 0; scrape < 3; scrape += 1) await metrics.scrape();
  expect(await metrics.registry.metrics()).not.toContain(run);
}, 120_000);

it('keeps account over a change of the orchestrator, and the gauges of a run that began before it', async () => {
  const first = await here.orchestrate({ accountEveryMs: 100 });
  const agents = await Promise.all(['w3', 'w4'].map((name) => here.agent(name, { targetSteps: 100, stepMs: 50 })));
  const { run, handle } = await here.launch({ name: 'handed-on', steps: 100 });
  await agents[0]?.reached(20);
  // It writes what it knows now and then.
  await here.until(async () => ((await generationsOf(here.db, run))[0]?.time?.ms.training ?? 0) > 0);
  await first.stop();
  const metrics = createMetrics();
  await here.orchestrate({ accountEveryMs: 100 }, metrics);
  await vi.waitFor(
    async () => {
      expect(await seriesOf(metrics, 'tributary_run_target_steps', run, 'run_id')).toEqual({ [run]: 100 });
      const states = await seriesOf(metrics, 'tributary_run_state', run, 'state');
      expect(states.running).toBe(1);
      expect((await seriesOf(metrics, 'tributary_goodput_seconds_total', run, 'run_id'))[run]).toBeGreaterThan(0);
    },
    { timeout: 30_000, interval: 100 },
  );
  expect(await handle.result()).toMatchObject({ state: 'finished' });
  const time = await runTimeOf(here.db, run);
  expect(time?.seconds).toBeCloseTo(await attemptSeconds(run), 1);
  expect(time?.lostSteps).toEqual({});
  // 100 steps of 50 ms, those without an orchestrator among them.
  expect(time?.goodputSeconds).toBeGreaterThan(4.5);
}, 120_000);

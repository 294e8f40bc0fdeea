import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunFileInput } from '@tributary/config';
import { prometheusUrl, purge, type RunningStack, stackFoldersIn, startServers } from '@tributary/devstack';
import { catalogue } from '@tributary/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nextBeacon } from './support/agents.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';
import { trainersOf } from './support/trainers-of.js';

/** Metrics of which this test sees nothing, each with the reason. */
const rightlyAbsent: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      catalogue.gpuUtilizationRatio,
      catalogue.gpuMemoryBytes,
      catalogue.gpuMemoryLimitBytes,
      catalogue.gpuPowerWatts,
      catalogue.gpuTemperatureCelsius,
    ].map(({ name }) => [name, 'told by nvidia-smi: its workers have no GPU (services/worker/src/nvidia-smi.test.ts)']),
  ),
  [catalogue.checkpointFailuresTotal.name]: 'no checkpoint failed',
  [catalogue.snapshotFailuresTotal.name]: 'no snapshot failed (packages/trainer/src/snapshot-writer.test.ts)',
};

/** What the killed trainer had published is dropped where it comes after the next generation has begun: by chance. */
const byChance = catalogue.recordsFencedTotal.name;

/** Prometheus has no label without a value: a run that did not fail ended for no reason. */
const mayBeEmpty: Readonly<Record<string, string>> = { [catalogue.runsFinishedTotal.name]: 'reason' };

const lasting = {
  ...fastRun,
  experiment: 'catalogue',
  checkpoints: { every: 500, keep: 2 },
  snapshots: { every: 200 },
  evaluation: { every: 50, examples: 16, samples: 2 },
  workers: { min: 2, max: 2 },
  budget: { steps: 1_000_000 },
} satisfies RunFileInput;
/** After its first update no loss is finite; each such step is in the log, so they are few. */
const diverging = {
  ...fastRun,
  experiment: 'catalogue',
  optimizer: { kind: 'sgd', learningRate: 1e38 },
  clip: null,
  batch: { size: 64 },
  evaluation: { every: 1_000_000 },
  workers: { min: 1, max: 1 },
  nonFinite: { limit: 1_000_000 },
  budget: { steps: 1_000_000 },
} satisfies RunFileInput;

const { 'reverse.jsonl': reverse, 'double.jsonl': double } = fastFiles;
const files = { 'reverse.jsonl': reverse, 'double.jsonl': double };
const report = (): void => {};
let root: string;
let stack: RunningStack;
let installation: Installation;
let run: string;
let broken: string;
const fromMs = Date.now();

type Series = Readonly<Record<string, string>>;

async function query(expression: string): Promise<{ readonly metric: Series; readonly value: number }[]> {
  const response = await fetch(`${prometheusUrl(stack)}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const answer = (await response.json()) as {
    status: string;
    data: { result: readonly { metric: Series; value: readonly [number, string] }[] };
  };
  expect(answer.status).toBe('success');
  return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** What the test has seen of a metric since its beginning; of a histogram, its counts. */
async function seen(name: string): Promise<Series[]> {
  const seconds = Math.ceil((Date.now() - fromMs) / 1_000) + 1;
  const found = await query(`last_over_time({__name__=~"${name}(_count)?"}[${seconds}s])`);
  return found.map(({ metric }) => metric);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-catalogue-'));
  stack = await startServers(stackFoldersIn(root), { servers: ['prometheus'], report });
  installation = await openInstallation(['a', 'b', 'c'], { TRIBUTARY_TARGETS_DIR: stack.folders.targets });
  const { servers, namespace, connection, agents } = installation;
  await writeFile(
    join(stack.folders.targets, 'temporal.json'),
    JSON.stringify([{ targets: [servers.temporalMetricsAddress], labels: { job: 'temporal' } }]),
  );
  run = await installation.launch(lasting, files);
  const trains = (worker: string, generation: number, step: number) =>
    nextBeacon(
      connection,
      namespace,
      worker,
      ({ trainer }) => trainer?.run === run && trainer.generation >= generation && trainer.step >= step,
    );
  const { trainer } = await Promise.race(['a', 'b', 'c'].map((worker) => trains(worker, 1, 250)));
  broken = await installation.launch(diverging, files);
  const victim = (await installation.show(run)).generations.at(-1)?.members.at(-1)?.worker ?? '';
  const [pid] = await trainersOf(agents.get(victim)?.pid ?? 0);
  if (pid === undefined || trainer === null) throw new Error('there is no trainer to kill');
  process.kill(pid, 'SIGKILL');
  await Promise.race(['a', 'b', 'c'].map((worker) => trains(worker, trainer.generation + 1, trainer.step + 50)));
}, 300_000);
afterAll(async () => {
  await installation?.close();
  await purge({ folders: stackFoldersIn(root), report });
  await rm(root, { recursive: true, force: true });
});

describe('the catalogue, over real runs of which one loses a trainer and one is never finite', () => {
  it('is in Prometheus, each metric with all its labels, but for what is rightly absent', async () => {
    const definitions = Object.values(catalogue);
    let ended = false;
    await vi.waitFor(
      async () => {
        const missing: string[] = [];
        for (const { name, labels } of definitions) {
          const series = await seen(name);
          const needed: readonly string[] = labels.filter((label) => label !== mayBeEmpty[name]);
          const whole = series.filter((one) => needed.every((label) => one[label] !== undefined));
          if (whole.length === 0 && rightlyAbsent[name] === undefined && name !== byChance) missing.push(name);
        }
        // That a run ends is seen last: its other series go with it.
        if (!ended && !missing.includes(catalogue.nonfiniteStepsTotal.name)) {
          await installation.call('POST', `/runs/${broken}/cancel`);
          ended = true;
        }
        expect(missing).toEqual([]);
      },
      { timeout: 120_000, interval: 1_000 },
    );
    for (const name of Object.keys(rightlyAbsent)) expect(await seen(name), name).toEqual([]);
  }, 150_000);

  it('says how it was with the killed trainer', async () => {
    const of = (name: string, more = '') => query(`tributary_${name}{run_id="${run}"${more}}`);
    const [lost] = await of('lost_steps_total', ',cause="worker-lost"');
    const [recovering] = await of('badput_seconds_total', ',cause="worker-lost"');
    expect(recovering?.value).toBeGreaterThan(0);
    const [goodput] = await of('goodput_seconds_total');
    expect(goodput?.value).toBeGreaterThan(1);
    const { time } = await installation.show(run);
    expect(time?.lostSteps['worker-lost'] ?? 0).toBe(lost?.value ?? 0);
    expect(time?.goodputSeconds).toBeGreaterThanOrEqual(goodput?.value ?? 0);
    expect(await query('tributary_recovery_duration_seconds_count{cause="worker-lost"}')).toMatchObject([{ value: 1 }]);
    const [info] = await of('run_info');
    expect(info?.metric.commit).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
  });

  it('has what Temporal says of itself beside it, of the server and of the worker', async () => {
    await vi.waitFor(
      async () => {
        expect((await query('service_requests{job="temporal"}')).length).toBeGreaterThan(0);
        expect((await query('temporal_workflow_task_schedule_to_start_latency_count')).length).toBeGreaterThan(0);
        expect((await query('temporal_activity_schedule_to_start_latency_count')).length).toBeGreaterThan(0);
      },
      { timeout: 30_000, interval: 1_000 },
    );
  }, 60_000);

  it('has no target that is down, though a trainer was killed', async () => {
    // The cancelled run's trainer ends before Prometheus hears of it.
    await vi.waitFor(async () => expect(await query('up == 0')).toEqual([]), { timeout: 30_000, interval: 500 });
  }, 60_000);

  it('forgets a run soon after its end', async () => {
    await installation.call('POST', `/runs/${run}/cancel`);
    await installation.untilRest(run);
    // What processes tell, not what rules make of the last minutes.
    const told = `{__name__=~"tributary_.+", run_id="${run}"}`;
    expect((await query(told)).length).toBeGreaterThan(10);
    await vi.waitFor(async () => expect(await query(told)).toEqual([]), {
      timeout: 90_000,
      interval: 500,
    });
  }, 180_000);
});

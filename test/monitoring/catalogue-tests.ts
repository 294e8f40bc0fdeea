import { catalogue } from '@tributary/telemetry';
import { describe, expect, it, vi } from 'vitest';
import type { ObservedRuns } from './observed-runs.js';

/** Metrics of which the observed runs show nothing, each with the reason. */
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

type Series = Readonly<Record<string, string>>;

async function query(
  { prometheusUrl }: ObservedRuns,
  expression: string,
): Promise<{ readonly metric: Series; readonly value: number }[]> {
  const response = await fetch(`${prometheusUrl}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const answer = (await response.json()) as {
    status: string;
    data: { result: readonly { metric: Series; value: readonly [number, string] }[] };
  };
  expect(answer.status).toBe('success');
  return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** What was seen of a metric since the runs began; of a histogram, its counts. */
async function seen(observed: ObservedRuns, name: string): Promise<Series[]> {
  const seconds = Math.ceil((Date.now() - observed.fromMs) / 1_000) + 1;
  const found = await query(observed, `last_over_time({__name__=~"${name}(_count)?"}[${seconds}s])`);
  return found.map(({ metric }) => metric);
}

/** That every metric of the catalogue is told, and rightly. */
export function catalogueTests(observed: () => ObservedRuns): void {
  const ask = (expression: string) => query(observed(), expression);

  describe('the catalogue', () => {
    it('is in Prometheus, each metric with all its labels, but for what is rightly absent', async () => {
      await vi.waitFor(
        async () => {
          const missing: string[] = [];
          for (const { name, labels } of Object.values(catalogue)) {
            const needed: readonly string[] = labels.filter((label) => label !== mayBeEmpty[name]);
            const whole = (await seen(observed(), name)).some((one) =>
              needed.every((label) => one[label] !== undefined),
            );
            if (!whole && rightlyAbsent[name] === undefined && name !== byChance) missing.push(name);
          }
          expect(missing).toEqual([]);
        },
        { timeout: 120_000, interval: 1_000 },
      );
      for (const name of Object.keys(rightlyAbsent)) expect(await seen(observed(), name), name).toEqual([]);
    }, 150_000);

    it('says how it was with the killed trainer', async () => {
      const { runs, installation } = observed();
      const of = (name: string, more = '') => ask(`tributary_${name}{run_id="${runs.trained}"${more}}`);
      const [lost] = await of('lost_steps_total', ',cause="worker-lost"');
      const [recovering] = await of('badput_seconds_total', ',cause="worker-lost"');
      expect(recovering?.value).toBeGreaterThan(0);
      const [goodput] = await of('goodput_seconds_total');
      expect(goodput?.value).toBeGreaterThan(1);
      const { time } = await installation.show(runs.trained);
      expect(time?.lostSteps['worker-lost'] ?? 0).toBe(lost?.value ?? 0);
      expect(time?.goodputSeconds).toBeGreaterThanOrEqual(goodput?.value ?? 0);
      expect(await ask('tributary_recovery_duration_seconds_count{cause="worker-lost"}')).toMatchObject([{ value: 1 }]);
      const [info] = await of('run_info');
      expect(info?.metric.commit).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
    });

    it('has what Temporal says of itself beside it, of the server and of the worker', async () => {
      await vi.waitFor(
        async () => {
          expect((await ask('service_requests{job="temporal"}')).length).toBeGreaterThan(0);
          expect((await ask('temporal_workflow_task_schedule_to_start_latency_count')).length).toBeGreaterThan(0);
          expect((await ask('temporal_activity_schedule_to_start_latency_count')).length).toBeGreaterThan(0);
        },
        { timeout: 30_000, interval: 1_000 },
      );
    }, 60_000);

    it('has no target that is down, though a trainer was killed', async () => {
      await vi.waitFor(async () => expect(await ask('up == 0')).toEqual([]), { timeout: 30_000, interval: 500 });
    }, 60_000);
  });
}

/** That the catalogue holds a run no longer than needed; ends the training run. */
export function forgettingTest(observed: () => ObservedRuns): void {
  it('forgets a run soon after its end', async () => {
    const { runs, installation } = observed();
    await installation.call('POST', `/runs/${runs.trained}/cancel`);
    await installation.untilRest(runs.trained);
    // What processes tell, not what rules make of the last minutes.
    const told = `{__name__=~"tributary_.+", run_id="${runs.trained}"}`;
    expect((await query(observed(), told)).length).toBeGreaterThan(10);
    await vi.waitFor(async () => expect(await query(observed(), told)).toEqual([]), {
      timeout: 90_000,
      interval: 500,
    });
  }, 180_000);
}

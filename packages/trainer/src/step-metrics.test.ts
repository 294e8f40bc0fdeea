import type { StepResult } from '@tributary/collectives';
import { runFileSchema } from '@tributary/config';
import type { Lane, LaneIndex, MemberIndex, TaskName, WorkerId } from '@tributary/protocol';
import { createMetrics } from '@tributary/telemetry';
import { expect, it } from 'vitest';
import type { MemberPlan } from './member-plan.js';
import { StepMetrics } from './step-metrics.js';

const tasks = ['a', 'b', 'c'];
const lanes: Lane[] = tasks.map((task, lane) => ({
  lane: lane as LaneIndex,
  task: task as TaskName,
  replica: 0,
  replicas: 1,
}));
const plan: MemberPlan = {
  member: { member: 0 as MemberIndex, worker: 'w' as WorkerId, lanes: [0, 1, 2] as LaneIndex[] },
  lanes,
  hosted: lanes,
  tasks,
  hostedTasks: tasks,
  ownedTasks: tasks,
  first: true,
};
const spec = runFileSchema.parse({
  experiment: 'metrics',
  tasks: tasks.map((name) => ({ name, data: { source: 'words', kind: 'spell' } })),
  batch: { size: 16 },
  budget: { steps: 10 },
});
/** Tasks a and b took part. */
const result: StepResult = {
  step: 5,
  shared: new Float32Array(),
  tasks: new Map(),
  losses: Float64Array.of(2, 3, Number.NaN),
  tokens: Float64Array.of(100, 50, 0),
  matrices: [],
  gram: Float64Array.of(4, -3, 0, -3, 9, 0, 0, 0, 0),
  coefficients: Float64Array.of(0.75, 0.25, 0),
  presentTasks: [0, 1],
  norm: 1.5,
  scale: 1,
  combinerState: {},
  control: 0,
  nonFinite: [],
  skipped: null,
  exposedMs: 40,
  bytesSent: 0,
  bytesReceived: 0,
  phasesMs: { gradients: 1, gram: 1, combined: 1, tasks: 1 },
};

async function linesAfter(act: (told: StepMetrics) => void): Promise<string[]> {
  const metrics = createMetrics();
  act(new StepMetrics({ document: { run: 'r-1' }, spec, plan }, metrics));
  return (await metrics.scrape()).split('\n');
}

it('tells of the lanes that took part, and of the time that the exchange took beyond computing', async () => {
  const lines = await linesAfter((told) =>
    told.observe(result, { step: 0.5, data: 0.01 }, [
      { lane: 0, microbatches: 2 },
      { lane: 1, microbatches: 1 },
    ]),
  );
  expect(lines).toEqual(
    expect.arrayContaining([
      'tributary_samples_total{run_id="r-1",task="a"} 32',
      'tributary_samples_total{run_id="r-1",task="b"} 16',
      'tributary_sync_exposed_seconds_sum{experiment="metrics"} 0.04',
      'tributary_sync_exposed_seconds_count{experiment="metrics"} 1',
    ]),
  );
  expect(lines.filter((line) => line.includes('task="c"'))).toEqual([]);
});

it('tells of weights and cosines of the tasks that took part', async () => {
  const lines = await linesAfter((told) => told.observeConflicts(result));
  expect(lines.filter((line) => /^tributary_task_(weight|gradient)/.test(line))).toEqual([
    'tributary_task_weight_ratio{run_id="r-1",task="a"} 0.75',
    'tributary_task_weight_ratio{run_id="r-1",task="b"} 0.25',
    'tributary_task_gradient_cosine{run_id="r-1",task="a",other="b"} -0.5',
  ]);
});

it('counts steps that changed nothing by cause, and the lanes that caused it', async () => {
  const lines = await linesAfter((told) => {
    const lost: StepResult = { ...result, nonFinite: [1], skipped: 'lanes', norm: Number.NaN };
    told.observeRun(lost, 0.1);
    told.observeRun(lost, 0.1);
    told.observeRun({ ...result, skipped: 'combined' }, 0.1);
    told.observeRun(result, 0.1);
    told.observeConflicts(lost);
  });
  expect(lines.filter((line) => /^tributary_(nonfinite|skipped|task_weight)/.test(line))).toEqual([
    'tributary_nonfinite_steps_total{run_id="r-1",task="b",lane="1"} 2',
    'tributary_skipped_steps_total{run_id="r-1",cause="lanes"} 2',
    'tributary_skipped_steps_total{run_id="r-1",cause="combined"} 1',
  ]);
});

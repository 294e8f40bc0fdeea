import { dashboardUids } from '@tributary/protocol';
import { board } from '../parts/board.js';
import { figure, graph } from '../parts/panels.js';
import { tableOfRows } from '../parts/tables.js';
import { goodAbove, goodAtNone, goodBelow } from '../parts/thresholds.js';
import { experimentVariable, labelVariable, postgresVariable, prometheusVariable } from '../parts/variables.js';

const runs = 'run_id=~"$run"';
const goodput = `sum(tributary_goodput_seconds_total{${runs}})`;
const badput = `sum(tributary_badput_seconds_total{${runs}})`;
/** Since the process began: rates of a handful of events say nothing. */
const meanSoFar = (name: string, by: string, filter = ''): string =>
  `sum by (${by}) (tributary_${name}_sum${filter}) / sum by (${by}) (tributary_${name}_count${filter})`;

export const recovery = () =>
  board({
    uid: dashboardUids.recovery,
    title: 'Recovery',
    description: 'What faults cost: time and steps lost, how fast runs come back, and whether checkpoints are made.',
    variables: [
      prometheusVariable(),
      postgresVariable(),
      experimentVariable(),
      labelVariable({
        name: 'run',
        label: 'Run',
        description: 'Runs of the experiment that were active in the time shown.',
        series: 'tributary_run_info{experiment=~"$experiment"}',
        values: 'run_id',
        several: true,
      }),
    ],
    sections: [
      {
        panels: [
          figure({
            title: 'Goodput',
            description: 'Share of the time of the attempts of these runs in which steps were done for the first time.',
            unit: 'percentunit',
            decimals: 1,
            width: 4,
            thresholds: goodAbove(0.5, 0.8),
            queries: [{ expr: `${goodput} / (${goodput} + (${badput} or ${goodput} * 0))`, legend: 'goodput' }],
          }),
          figure({
            title: 'Recoveries',
            description:
              'Generations that failed and were followed by another one, since the orchestrator started, all runs.',
            unit: 'none',
            decimals: 0,
            width: 4,
            queries: [{ expr: 'sum(tributary_recovery_duration_seconds_count)', legend: 'recoveries' }],
          }),
          figure({
            title: 'Mean time to recover',
            description:
              'From the last step of a generation that failed to the first step of the next, since the orchestrator started, all runs.',
            unit: 's',
            decimals: 1,
            width: 4,
            thresholds: goodBelow(30, 120),
            queries: [
              {
                expr: 'sum(tributary_recovery_duration_seconds_sum) / sum(tributary_recovery_duration_seconds_count)',
                legend: 'mean',
              },
            ],
          }),
          figure({
            title: 'Steps lost',
            description:
              'Steps that a later generation had to do again. Their results are the same; only time is lost.',
            unit: 'none',
            decimals: 0,
            width: 4,
            queries: [{ expr: `sum(tributary_lost_steps_total{${runs}}) or vector(0)`, legend: 'lost steps' }],
          }),
          figure({
            title: 'Oldest checkpoint',
            description: 'Of the newest checkpoint of each run, the age of the oldest.',
            unit: 's',
            decimals: 0,
            width: 4,
            thresholds: goodBelow(1800, 3600),
            queries: [
              {
                expr: `max(time() - max by (run_id) (tributary_checkpoint_last_success_timestamp_seconds{${runs}}))`,
                legend: 'age',
              },
            ],
          }),
          figure({
            title: 'Not written',
            description: 'Checkpoints and snapshots that a worker could not write; training goes on without them.',
            unit: 'none',
            decimals: 0,
            width: 4,
            thresholds: goodAtNone(),
            text: 'both',
            queries: [
              { expr: `sum(tributary_checkpoint_failures_total{${runs}}) or vector(0)`, legend: 'checkpoints' },
              { expr: `sum(tributary_snapshot_failures_total{${runs}}) or vector(0)`, legend: 'snapshots' },
            ],
          }),
        ],
      },
      {
        title: 'Time and steps lost',
        panels: [
          graph({
            title: 'Goodput by run',
            description: 'By run, of the time since its attempts began.',
            unit: 'percentunit',
            min: 0,
            max: 1,
            queries: [{ expr: `run:tributary_goodput:ratio{${runs}}`, legend: '{{run_id}}' }],
          }),
          graph({
            title: 'Where time went beside training',
            description: 'Seconds so far, by cause, of all these runs.',
            unit: 's',
            min: 0,
            stacked: true,
            queries: [{ expr: `sum by (cause) (tributary_badput_seconds_total{${runs}})`, legend: '{{cause}}' }],
          }),
          graph({
            title: 'Steps done again',
            description: 'So far, by what ended the generation that had done them.',
            unit: 'none',
            decimals: 0,
            min: 0,
            stacked: true,
            queries: [{ expr: `sum by (cause) (tributary_lost_steps_total{${runs}})`, legend: '{{cause}}' }],
          }),
          graph({
            title: 'Generations',
            description: 'Opened so far, by run and by why the one before ended.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              {
                expr: `sum by (run_id, reason) (tributary_run_generations_total{${runs}})`,
                legend: '{{run_id}} {{reason}}',
              },
            ],
          }),
          graph({
            title: 'Time to recover, by cause',
            description: 'Mean since the orchestrator started, all runs.',
            unit: 's',
            min: 0,
            queries: [{ expr: meanSoFar('recovery_duration_seconds', 'cause'), legend: '{{cause}}' }],
          }),
          graph({
            title: 'Attempts',
            description: 'Started so far, by run: the launch, and each time that somebody resumed it.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              {
                expr: `sum by (run_id, reason) (tributary_run_attempts_total{${runs}})`,
                legend: '{{run_id}} {{reason}}',
              },
            ],
          }),
        ],
      },
      {
        title: 'Checkpoints and snapshots',
        panels: [
          graph({
            title: 'Age of the last checkpoint',
            description: 'By run. Steadily growing: see CheckpointStale.',
            unit: 's',
            min: 0,
            width: 8,
            queries: [
              {
                expr: `time() - max by (run_id) (tributary_checkpoint_last_success_timestamp_seconds{${runs}})`,
                legend: '{{run_id}}',
              },
            ],
          }),
          graph({
            title: 'Time of a checkpoint',
            description: 'Mean so far: to write a part, to verify it, and to commit the whole; by outcome.',
            unit: 's',
            min: 0,
            width: 8,
            queries: [
              {
                expr: meanSoFar('checkpoint_duration_seconds', 'phase, outcome'),
                legend: '{{phase}} {{outcome}}',
              },
            ],
          }),
          graph({
            title: 'Time of a snapshot',
            description: 'Mean so far: from the copy of the state to its files, and to the copies of a buddy.',
            unit: 's',
            min: 0,
            width: 8,
            queries: [{ expr: meanSoFar('snapshot_duration_seconds', 'phase'), legend: '{{phase}}' }],
          }),
        ],
      },
      {
        title: 'What happened',
        panels: [
          tableOfRows({
            title: 'Generations that ended early',
            description: 'The last 100 of the time shown, newest first, with the reason as the user reads it.',
            sql: `select ended_at as ended, run, attempt, generation, outcome, outcome_reason as reason, resume_step as "began at step",
  extract(epoch from ended_at - opened_at) as lasted
from generations
where outcome in ('worker-lost', 'failed') and $__timeFilter(ended_at)
order by ended_at desc limit 100`,
            columns: [
              { name: 'lasted', unit: 's', decimals: 0 },
              {
                name: 'run',
                link: { title: 'Show this run', uid: dashboardUids.run, variables: 'var-run=${__value.raw}' },
              },
            ],
          }),
        ],
      },
    ],
  });

import { dashboardUids } from '@tributary/protocol';
import { board } from '../parts/board.js';
import { figure, graph, linkTo } from '../parts/panels.js';
import { goodAbove, goodAtNone, goodBelow } from '../parts/thresholds.js';
import { experimentVariable, labelVariable, prometheusVariable, runVariable } from '../parts/variables.js';
import { stateColours } from './run-states.js';

const run = 'run_id="$run"';
const step = `max(tributary_run_step{${run}})`;
const target = `max(tributary_run_target_steps{${run}})`;
const stepsPerSecond = `clamp_min(max(deriv(tributary_run_step{${run}}[$__rate_interval])), 0)`;
const goodput = `sum(tributary_goodput_seconds_total{${run}})`;
const badput = `sum(tributary_badput_seconds_total{${run}})`;
/** Histograms bear no run: of all active runs of its experiment. */
const shared = 'experiment="$run_experiment"';
const mean = (name: string): string =>
  `sum(rate(tributary_${name}_sum{${shared}}[$__rate_interval])) / sum(rate(tributary_${name}_count{${shared}}[$__rate_interval]))`;

export const runBoard = () =>
  board({
    uid: dashboardUids.run,
    title: 'Run',
    description: 'One active run. First row: does it train, how far is it, how fast, and is anything wrong.',
    variables: [
      prometheusVariable(),
      experimentVariable(),
      runVariable(),
      labelVariable({
        name: 'run_experiment',
        label: "The run's experiment",
        description: 'For histograms, which bear no run.',
        series: 'tributary_run_info{run_id="$run"}',
        values: 'experiment',
        hidden: true,
      }),
    ],
    sections: [
      {
        panels: [
          figure({
            title: 'State',
            description: 'The state that the run is in. "recovering": between generations, see below what happened.',
            unit: 'none',
            text: 'name',
            queries: [{ expr: `max by (state) (tributary_run_state{${run}}) == 1`, legend: '{{state}}' }],
          }).overrides(stateColours),
          figure({
            title: 'Since last step',
            description:
              'How long ago the last step ended. Orange is usual while it evaluates or compiles; red: it does not move, see the alert RunStalled.',
            unit: 's',
            decimals: 0,
            queries: [
              {
                expr: `time() - max(tributary_run_last_progress_timestamp_seconds{${run}})`,
                legend: 'since last step',
              },
            ],
            thresholds: goodBelow(60, 300),
          }),
          figure({
            title: 'Step',
            description: 'Steps done, and the budget.',
            unit: 'none',
            decimals: 0,
            text: 'both',
            queries: [
              { expr: step, legend: 'done' },
              { expr: target, legend: 'budget' },
            ],
          }),
          figure({
            title: 'Time left',
            description: 'Remaining steps at the present speed. Not a number while no step is done.',
            unit: 's',
            decimals: 0,
            queries: [{ expr: `(${target} - ${step}) / (${stepsPerSecond} > 0)`, legend: 'left' }],
          }),
          figure({
            title: 'Steps',
            description: 'Steps a second.',
            unit: 'cps',
            decimals: 2,
            history: true,
            queries: [{ expr: stepsPerSecond, legend: 'steps/s' }],
          }),
          figure({
            title: 'Tokens',
            description: 'Source and target tokens trained on each second, without padding.',
            unit: 'cps',
            decimals: 0,
            history: true,
            queries: [{ expr: `sum(rate(tributary_tokens_total{${run}}[$__rate_interval]))`, legend: 'tokens/s' }],
          }),
          figure({
            title: 'Goodput',
            description: 'Share of the time of its attempts in which steps were done for the first time.',
            unit: 'percentunit',
            decimals: 1,
            queries: [{ expr: `${goodput} / (${goodput} + (${badput} or ${goodput} * 0))`, legend: 'goodput' }],
            thresholds: goodAbove(0.5, 0.8),
            links: [linkTo('Where the time went', dashboardUids.recovery, 'var-run=$run')],
          }),
          figure({
            title: 'Alerts',
            description: 'Alerts that fire for this run. Each says what it means and what to do.',
            unit: 'none',
            queries: [{ expr: `count(ALERTS{alertstate="firing", ${run}}) or vector(0)`, legend: 'firing' }],
            thresholds: goodAtNone(),
          }),
        ],
      },
      {
        title: 'Learning',
        panels: [
          graph({
            title: 'Training loss',
            description: 'Last loss of each task, in nats a target token, not smoothed.',
            unit: 'none',
            decimals: 3,
            logarithmic: true,
            queries: [{ expr: `max by (task) (tributary_task_loss{${run}, split="train"})`, legend: '{{task}}' }],
          }),
          graph({
            title: 'Quality on held-out data',
            description: 'Every metric of the last evaluation of each task.',
            unit: 'none',
            decimals: 3,
            queries: [
              {
                expr: `max by (task, split, metric) (tributary_task_eval_score{${run}})`,
                legend: '{{task}} {{split}} {{metric}}',
              },
            ],
          }),
          graph({
            title: 'Gradient norm',
            description:
              'Of the combined shared gradient, before clipping. A jump often comes before a jump of the loss.',
            unit: 'none',
            logarithmic: true,
            queries: [{ expr: `max(tributary_grad_norm{${run}})`, legend: 'norm' }],
            width: 8,
          }),
          graph({
            title: 'Learning rate',
            description: 'Of the last step.',
            unit: 'sci',
            queries: [{ expr: `max(tributary_learning_rate{${run}})`, legend: 'learning rate' }],
            width: 8,
          }),
          graph({
            title: 'Conflict of tasks',
            description:
              'Least cosine between the gradients of two tasks. Below 0 they pull the shared encoder apart: see Tasks for which and when.',
            unit: 'none',
            min: -1,
            max: 1,
            queries: [{ expr: `min(tributary_task_gradient_cosine{${run}})`, legend: 'least cosine' }],
            width: 8,
          }),
        ],
      },
      {
        title: 'Speed',
        panels: [
          graph({
            title: 'Tokens by task',
            description: 'Tokens trained on each second.',
            unit: 'cps',
            stacked: true,
            min: 0,
            queries: [
              { expr: `sum by (task) (rate(tributary_tokens_total{${run}}[$__rate_interval]))`, legend: '{{task}}' },
            ],
          }),
          graph({
            title: 'Time of a step',
            description: "Median and 95th percentile over the workers of the run's experiment.",
            unit: 's',
            min: 0,
            queries: [0.5, 0.95].map((quantile) => ({
              expr: `histogram_quantile(${quantile}, sum by (le) (rate(tributary_step_duration_seconds_bucket{${shared}}[$__rate_interval])))`,
              legend: `${quantile * 100} %`,
            })),
          }),
          graph({
            title: 'What a step waits for',
            description:
              "Mean time of a step that waits for its batch, or for the gradient exchange with nothing left to compute; over the workers of the run's experiment.",
            unit: 's',
            min: 0,
            queries: [
              { expr: mean('step_duration_seconds'), legend: 'whole step' },
              { expr: mean('sync_exposed_seconds'), legend: 'gradient exchange' },
              { expr: mean('data_wait_seconds'), legend: 'data' },
            ],
          }),
          graph({
            title: 'Gradient traffic',
            description: 'Bytes of gradients on the wire, all workers together.',
            unit: 'binBps',
            min: 0,
            queries: [
              {
                expr: `sum by (direction, codec) (rate(tributary_sync_bytes_total{${run}}[$__rate_interval]))`,
                legend: '{{direction}} {{codec}}',
              },
            ],
          }),
        ],
      },
      {
        title: 'Faults and safety',
        panels: [
          graph({
            title: 'State over time',
            description: '1 for the state that the run was in.',
            unit: 'none',
            decimals: 0,
            stacked: true,
            queries: [{ expr: `max by (state) (tributary_run_state{${run}}) > 0`, legend: '{{state}}' }],
            width: 8,
          }).overrides(stateColours),
          graph({
            title: 'Generations',
            description:
              'Generations opened, by why the one before ended. More than a few "worker-lost" or "failed": see Recovery.',
            unit: 'none',
            decimals: 0,
            min: 0,
            stacked: true,
            queries: [{ expr: `sum by (reason) (tributary_run_generations_total{${run}})`, legend: '{{reason}}' }],
            width: 8,
          }),
          graph({
            title: 'Where the time went',
            description:
              'Seconds of the time of its attempts so far: steps done for the first time, and everything else by cause.',
            unit: 's',
            stacked: true,
            min: 0,
            queries: [
              { expr: goodput, legend: 'goodput' },
              { expr: `sum by (cause) (tributary_badput_seconds_total{${run}})`, legend: '{{cause}}' },
            ],
            width: 8,
          }),
          graph({
            title: 'Age of the last checkpoint',
            description: 'What would be lost if every worker were lost now: snapshots on surviving workers are newer.',
            unit: 's',
            min: 0,
            queries: [
              {
                expr: `time() - max(tributary_checkpoint_last_success_timestamp_seconds{${run}})`,
                legend: 'age',
              },
            ],
            thresholds: goodBelow(1800, 3600),
            width: 8,
          }),
          graph({
            title: 'Size of a checkpoint',
            description: 'Of the last one that was committed.',
            unit: 'bytes',
            min: 0,
            queries: [{ expr: `max(tributary_checkpoint_bytes{${run}})`, legend: 'size' }],
            width: 8,
          }),
          graph({
            title: 'Steps that were not finite',
            description:
              'Steps skipped because a loss or gradient was not finite, by task. No line: there was none. Any: lower the learning rate, or clip.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: `sum by (task) (tributary_nonfinite_steps_total{${run}})`, legend: '{{task}}' }],
            width: 8,
          }),
        ],
      },
    ],
  });

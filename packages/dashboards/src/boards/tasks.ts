import { dashboardUids } from '@tributary/protocol';
import { board } from '../parts/board.js';
import { figure, graph } from '../parts/panels.js';
import { matrix } from '../parts/tables.js';
import { thresholds } from '../parts/thresholds.js';
import { experimentVariable, labelVariable, prometheusVariable, runVariable } from '../parts/variables.js';

const chosen = 'run_id="$run", task=~"$task"';
const pairs = 'run_id="$run", task=~"$task", other=~"$task"';

export const tasks = () =>
  board({
    uid: dashboardUids.tasks,
    title: 'Tasks',
    description: "A run's learning tasks: how each learns, how much it weighs, and which of them hurt each other.",
    variables: [
      prometheusVariable(),
      experimentVariable(),
      runVariable(),
      labelVariable({
        name: 'task',
        label: 'Task',
        description: 'Learning tasks of the run.',
        series: 'tributary_steps_total{run_id="$run"}',
        values: 'task',
        several: true,
      }),
    ],
    sections: [
      {
        panels: [
          figure({
            title: 'Loss now',
            description: 'Last training loss of each task, in nats a target token.',
            unit: 'none',
            decimals: 3,
            text: 'both',
            width: 12,
            queries: [{ expr: `max by (task) (tributary_task_loss{${chosen}, split="train"})`, legend: '{{task}}' }],
          }),
          figure({
            title: 'Pairs in conflict',
            description: 'Share of the pairs of tasks whose gradients point apart at their last step together.',
            unit: 'percentunit',
            width: 6,
            min: 0,
            max: 1,
            thresholds: thresholds('green', [0.34, 'orange'], [0.67, 'red']),
            queries: [
              {
                expr: `avg(max by (task, other) (tributary_task_gradient_cosine{${pairs}}) < bool 0)`,
                legend: 'in conflict',
              },
            ],
          }),
          figure({
            title: 'Least cosine',
            description: 'Of the pair of tasks that hurt each other most.',
            unit: 'none',
            decimals: 3,
            width: 6,
            thresholds: thresholds('red', [-0.3, 'orange'], [0, 'green']),
            queries: [
              { expr: `min(max by (task, other) (tributary_task_gradient_cosine{${pairs}}))`, legend: 'least cosine' },
            ],
          }),
        ],
      },
      {
        title: 'Learning',
        panels: [
          graph({
            title: 'Training loss',
            description: 'Last loss, in nats a target token.',
            unit: 'none',
            decimals: 3,
            logarithmic: true,
            queries: [{ expr: `max by (task) (tributary_task_loss{${chosen}, split="train"})`, legend: '{{task}}' }],
          }),
          graph({
            title: 'Loss, against its mean so far',
            description:
              'Loss over its mean in the time shown: tasks of different scales beside each other. Rising while the others fall: the task is starved or hurt.',
            unit: 'none',
            decimals: 2,
            queries: [
              {
                expr: `max by (task) (tributary_task_loss{${chosen}, split="train"}) / max by (task) (avg_over_time(tributary_task_loss{${chosen}, split="train"}[$__range]))`,
                legend: '{{task}}',
              },
            ],
          }),
          graph({
            title: 'Quality on held-out data',
            description: 'Every metric of the last evaluation.',
            unit: 'none',
            decimals: 3,
            width: 24,
            queries: [
              {
                expr: `max by (task, split, metric) (tributary_task_eval_score{${chosen}})`,
                legend: '{{task}} {{split}} {{metric}}',
              },
            ],
          }),
        ],
      },
      {
        title: 'Weights and conflicts',
        panels: [
          matrix({
            title: 'Conflict matrix',
            description:
              'Cosine between the shared gradients of two tasks at their last step together. Red: they pull the encoder apart; green: they help each other.',
            unit: 'none',
            decimals: 3,
            min: -1,
            max: 1,
            thresholds: thresholds('red', [-0.3, 'orange'], [0, 'text'], [0.1, 'green']),
            row: 'task',
            column: 'other',
            query: {
              expr: `max by (task, other) (tributary_task_gradient_cosine{${pairs}})`,
              legend: '{{task}} {{other}}',
            },
          }),
          graph({
            title: 'Cosines',
            description: 'Cosine between the shared gradients of each pair of tasks; below 0 they conflict.',
            unit: 'none',
            min: -1,
            max: 1,
            queries: [
              {
                expr: `max by (task, other) (tributary_task_gradient_cosine{${pairs}})`,
                legend: '{{task}} and {{other}}',
              },
            ],
          }),
          graph({
            title: 'Weights',
            description:
              "Factor of each task's shared gradient in the combined one, as the run's combiner chose it. Near 0: the task has no say in the encoder.",
            unit: 'none',
            decimals: 3,
            queries: [{ expr: `max by (task) (tributary_task_weight_ratio{${chosen}})`, legend: '{{task}}' }],
          }),
          graph({
            title: 'Steps that were not finite',
            description:
              'Steps skipped because a loss or gradient of the task was not finite. No line: there was none.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: `sum by (task) (tributary_nonfinite_steps_total{${chosen}})`, legend: '{{task}}' }],
          }),
        ],
      },
      {
        title: 'Work',
        panels: [
          graph({
            title: 'Steps',
            description: 'Steps a second, every replica of a task counted.',
            unit: 'cps',
            min: 0,
            width: 8,
            queries: [
              { expr: `sum by (task) (rate(tributary_steps_total{${chosen}}[$__rate_interval]))`, legend: '{{task}}' },
            ],
          }),
          graph({
            title: 'Examples',
            description: 'Examples trained on each second.',
            unit: 'cps',
            min: 0,
            width: 8,
            queries: [
              {
                expr: `sum by (task) (rate(tributary_samples_total{${chosen}}[$__rate_interval]))`,
                legend: '{{task}}',
              },
            ],
          }),
          graph({
            title: 'Tokens',
            description: 'Source and target tokens trained on each second, without padding.',
            unit: 'cps',
            min: 0,
            width: 8,
            queries: [
              { expr: `sum by (task) (rate(tributary_tokens_total{${chosen}}[$__rate_interval]))`, legend: '{{task}}' },
            ],
          }),
        ],
      },
    ],
  });

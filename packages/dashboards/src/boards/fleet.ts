import { dashboardUids } from '@tributary/protocol';
import { board } from '../parts/board.js';
import { figure, figureOfRows, graph, graphOfRows } from '../parts/panels.js';
import { table } from '../parts/tables.js';
import { goodAbove, goodAtNone, goodBelow, plain } from '../parts/thresholds.js';
import { experimentVariable, postgresVariable, prometheusVariable } from '../parts/variables.js';

/** Active runs of the chosen experiments, as something to join with. */
const chosen = 'on (run_id) group_left max by (run_id) (tributary_run_info{experiment=~"$experiment"})';
const slots = 'sum(max by (device) (tributary_slots))';
const leased = 'sum(max by (device) (tributary_slots_leased))';

export const fleet = () =>
  board({
    uid: dashboardUids.fleet,
    title: 'Fleet',
    description: 'All runs and workers: what trains, what waits, and whether anything is wrong.',
    variables: [prometheusVariable(), postgresVariable(), experimentVariable()],
    sections: [
      {
        panels: [
          figure({
            title: 'Training',
            description: 'Runs of which a generation trains now.',
            unit: 'none',
            queries: [{ expr: 'sum(max by (run_id) (tributary_run_state{state="running"}))', legend: 'running' }],
          }),
          figure({
            title: 'Waiting',
            description: 'Runs that wait for slots. Lasting while workers are free: see the alert QueueStuck.',
            unit: 'none',
            queries: [{ expr: 'max(tributary_queue_depth)', legend: 'waiting' }],
            thresholds: goodBelow(1, 10),
          }),
          figure({
            title: 'Alerts',
            description: 'Alerts of Tributary that fire. What each means and what to do is in its description.',
            unit: 'none',
            queries: [{ expr: 'count(ALERTS{alertstate="firing", severity=~".+"}) or vector(0)', legend: 'firing' }],
            thresholds: goodAtNone(),
          }),
          figure({
            title: 'Workers',
            description: 'Workers of which the orchestrator hears.',
            unit: 'none',
            queries: [{ expr: slots, legend: 'living' }],
          }),
          figure({
            title: 'Leased',
            description: 'Share of the workers that serve a run.',
            unit: 'percentunit',
            queries: [{ expr: `${leased} / ${slots}`, legend: 'leased' }],
            min: 0,
            max: 1,
          }),
          figure({
            title: 'Tokens',
            description: 'Source and target tokens trained on each second by all active runs, without padding.',
            unit: 'cps',
            decimals: 0,
            queries: [{ expr: 'sum(rate(tributary_tokens_total[$__rate_interval]))', legend: 'tokens/s' }],
            history: true,
          }),
          figure({
            title: 'Goodput',
            description:
              "Share of the active runs' time in which steps were done for the first time. The rest is waiting, loading, compiling, evaluating, recovering and steps done again: see Recovery.",
            unit: 'percentunit',
            queries: [
              {
                expr: 'sum(tributary_goodput_seconds_total) / (sum(tributary_goodput_seconds_total) + sum(tributary_badput_seconds_total))',
                legend: 'goodput',
              },
            ],
            thresholds: goodAbove(0.5, 0.8),
            min: 0,
            max: 1,
          }),
          figureOfRows({
            title: 'Failed',
            description: 'Runs that failed in the time shown.',
            unit: 'none',
            sql: `select count(*) as failed from runs where state = 'failed' and deleted_at is null and $__timeFilter(ended_at)`,
            thresholds: goodAtNone(),
          }),
        ],
      },
      {
        title: 'Active runs',
        panels: [
          table({
            title: 'Active runs',
            description:
              'Runs that are queued, train or recover, and those that ended a moment ago. The name leads to the run.',
            by: ['run_id', 'experiment', 'model'],
            queries: [
              {
                expr: 'max by (run_id, experiment, model) (tributary_run_info{experiment=~"$experiment"})',
                legend: '',
              },
              { expr: `max by (run_id) (tributary_run_step) * ${chosen}`, legend: 'step' },
              { expr: `max by (run_id) (tributary_run_target_steps) * ${chosen}`, legend: 'of' },
              { expr: `run:tributary_steps:rate2m * ${chosen}`, legend: 'steps/s' },
              { expr: `run:tributary_tokens:rate2m * ${chosen}`, legend: 'tokens/s' },
              {
                expr: `(time() - max by (run_id) (tributary_run_last_progress_timestamp_seconds)) * ${chosen}`,
                legend: 'since last step',
              },
              { expr: `run:tributary_goodput:ratio * ${chosen}`, legend: 'goodput' },
            ],
            columns: [
              {
                name: 'run_id',
                width: 280,
                link: { title: 'Show this run', uid: dashboardUids.run, variables: 'var-run=${__value.raw}' },
              },
              { name: 'step', decimals: 0 },
              { name: 'of', decimals: 0 },
              { name: 'steps/s', unit: 'cps', decimals: 2 },
              { name: 'tokens/s', unit: 'cps', decimals: 0 },
              { name: 'since last step', unit: 's', decimals: 0, thresholds: goodBelow(60, 300) },
              { name: 'goodput', unit: 'percentunit', decimals: 1, thresholds: goodAbove(0.5, 0.8) },
            ],
          }),
        ],
      },
      {
        title: 'Over time',
        panels: [
          graph({
            title: 'Tokens by run',
            description: 'Tokens trained on each second. A step down that stays is a lost worker or a slow one.',
            unit: 'cps',
            stacked: true,
            queries: [
              {
                expr: `sum by (run_id) (rate(tributary_tokens_total[$__rate_interval])) * ${chosen}`,
                legend: '{{run_id}}',
              },
            ],
          }),
          graph({
            title: 'Progress by run',
            description: 'Share of the budget that is done.',
            unit: 'percentunit',
            min: 0,
            max: 1,
            queries: [
              {
                expr: `max by (run_id) (tributary_run_step) / max by (run_id) (tributary_run_target_steps) * ${chosen}`,
                legend: '{{run_id}}',
              },
            ],
          }),
          graph({
            title: 'Slots',
            description: 'Living workers, and those leased to a run, by kind of device.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              { expr: 'max by (device) (tributary_slots)', legend: 'living {{device}}' },
              { expr: 'max by (device) (tributary_slots_leased)', legend: 'leased {{device}}' },
            ],
          }),
          graph({
            title: 'Queue',
            description:
              'Runs that wait for slots, and how long those that got theirs in the last hour had waited (mean).',
            unit: 'none',
            min: 0,
            queries: [
              { expr: 'max(tributary_queue_depth)', legend: 'waiting runs' },
              {
                expr: 'sum(tributary_queue_wait_seconds_sum) / sum(tributary_queue_wait_seconds_count)',
                legend: 'mean wait in seconds',
              },
            ],
          }),
          graphOfRows({
            title: 'Runs launched and ended',
            description: 'From the history: launches, and endings by state.',
            unit: 'none',
            decimals: 0,
            sql: `select $__timeGroup(created_at, $__interval) as time, 'launched' as metric, count(*) as runs
from runs where deleted_at is null and $__timeFilter(created_at) group by 1
union all
select $__timeGroup(ended_at, $__interval), state, count(*)
from runs where deleted_at is null and $__timeFilter(ended_at) group by 1, 2
order by 1`,
          }),
          graph({
            title: 'Attempts ended',
            description:
              'Attempts that ended since the orchestrator started, by outcome and, where there is one, the error that ended them.',
            unit: 'none',
            decimals: 0,
            min: 0,
            thresholds: plain(),
            queries: [
              { expr: 'sum by (outcome) (tributary_runs_finished_total)', legend: '{{outcome}}' },
              { expr: 'sum by (reason) (tributary_runs_finished_total{reason!=""})', legend: 'of these {{reason}}' },
            ],
          }),
        ],
      },
    ],
  });

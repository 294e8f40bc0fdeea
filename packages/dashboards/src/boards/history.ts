import { dashboardUids } from '@tributary/protocol';
import { board } from '../parts/board.js';
import { curves, figureOfRows, graphOfRows } from '../parts/panels.js';
import { tableOfRows } from '../parts/tables.js';
import { goodAtNone } from '../parts/thresholds.js';
import { postgresVariable, rowsVariable } from '../parts/variables.js';

/** A run that is being purged is seen by nobody. */
const runs = 'experiment in (${experiment:sqlstring}) and runs.deleted_at is null and $__timeFilter(created_at)';
const chosen = 'run = ${run:sqlstring}';
const runLink = { title: 'Choose this run', uid: dashboardUids.history, variables: 'var-run=${__value.raw}' };

/** What is not a number sorts above all numbers. */
const aNumber = (column: string): string => `abs(${column}) < 'Infinity'`;
const finite = (column: string): string => `case when ${aNumber(column)} then ${column} end as ${column}`;

/** Points of one metric of one run, at most 1,000: of more, the mean of each stretch of steps. */
const curveOf = (metric: string): string => `with chosen as (
  select id, kind, first_step, greatest(1, (last_step - first_step) / 1000) as width
  from series where ${chosen} and ${metric}
)
select first_step + (step - first_step) / width * width as step, avg(value) as value
from chosen join points on points.series_id = chosen.id where ${aNumber('value')}
group by 1 order by 1`;

export const history = () =>
  board({
    uid: dashboardUids.history,
    title: 'History',
    description: 'Every run that was recorded, from Postgres: also those that ended long ago, by step.',
    from: 'now-30d',
    refresh: '',
    variables: [
      postgresVariable(),
      rowsVariable({
        name: 'experiment',
        label: 'Experiment',
        description: 'Experiments that have runs.',
        sql: 'select distinct experiment from runs where deleted_at is null order by 1',
        several: true,
      }),
      rowsVariable({
        name: 'run',
        label: 'Run',
        description: 'The 500 newest runs of the experiments.',
        sql: 'select run from runs where experiment in (${experiment:sqlstring}) and deleted_at is null order by created_at desc limit 500',
      }),
      rowsVariable({
        name: 'metric',
        label: 'Metric',
        description: 'What was recorded of the run by step.',
        sql: `select metric from series where ${chosen} and kind = 'point' and metric is not null order by 1`,
      }),
    ],
    sections: [
      {
        panels: [
          figureOfRows({
            title: 'Runs',
            description: 'Launched in the time shown.',
            unit: 'short',
            decimals: 0,
            width: 4,
            sql: `select count(*) as runs from runs where ${runs}`,
          }),
          figureOfRows({
            title: 'Finished',
            description: 'Share of the runs launched in the time shown, and ended, that finished.',
            unit: 'percentunit',
            width: 4,
            sql: `select avg((state = 'finished')::int)::float8 as finished from runs
where ${runs} and state in ('finished', 'failed', 'cancelled')`,
          }),
          figureOfRows({
            title: 'Attempts',
            description: 'Attempts of these runs; more than runs: some were resumed.',
            unit: 'short',
            decimals: 0,
            width: 4,
            sql: `select count(*) as attempts from attempts join runs using (run) where ${runs}`,
          }),
          figureOfRows({
            title: 'Worker time',
            description: 'Time that the generations of these runs held workers.',
            unit: 's',
            width: 4,
            sql: `select coalesce(sum(jsonb_array_length(members) * extract(epoch from coalesce(generations.ended_at, now()) - opened_at)), 0)::float8 as seconds
from generations join runs using (run) where ${runs}`,
          }),
          figureOfRows({
            title: 'Checkpoints',
            description: 'Bytes of the checkpoints of these runs that are kept.',
            unit: 'bytes',
            width: 4,
            sql: `select coalesce(sum(size_bytes), 0)::float8 as bytes from checkpoints join runs using (run)
where ${runs} and checkpoints.deleted_at is null`,
          }),
          figureOfRows({
            title: 'Divergences',
            description:
              'Redone values that differed from those recorded before: each breaks the promise that faults do not change results.',
            unit: 'none',
            width: 4,
            thresholds: goodAtNone(),
            sql: `select count(*) as divergences from divergences join runs using (run) where ${runs}`,
          }),
        ],
      },
      {
        title: 'Runs',
        panels: [
          graphOfRows({
            title: 'Runs launched',
            description: 'By the state that they are in now.',
            unit: 'none',
            decimals: 0,
            stacked: true,
            width: 24,
            sql: `select $__timeGroup(created_at, $__interval) as time, state as metric, count(*) as runs
from runs where ${runs} group by 1, 2 order by 1`,
          }),
          tableOfRows({
            title: 'Newest runs',
            description: 'The last 200 of the time shown. The name chooses the run for the panels below.',
            sql: `select run, experiment, state, attempt, step, target_steps as of, created_at as launched,
  extract(epoch from coalesce(ended_at, now()) - started_at) as lasted, parent, reason
from runs where ${runs} order by created_at desc limit 200`,
            columns: [
              { name: 'run', link: runLink },
              { name: 'parent', link: runLink },
              { name: 'lasted', unit: 's', decimals: 0 },
            ],
          }),
        ],
      },
      {
        title: 'One run: $run',
        panels: [
          curves({
            title: '$metric',
            description: 'The chosen metric by step; of more than 1,000 points, means.',
            unit: 'none',
            width: 12,
            sql: curveOf("kind = 'point' and metric = ${metric:sqlstring}"),
          }),
          tableOfRows({
            title: 'Metrics',
            description:
              'Last, least and greatest value of everything that was recorded by step; blank: not a finite number.',
            width: 12,
            sql: `select metric, count, last_step as "last step", ${finite('last')}, ${finite('min')}, ${finite('max')} from series
where ${chosen} and kind = 'point' and metric is not null order by 1`,
          }),
          curves({
            title: 'Conflict of tasks',
            description:
              'Least cosine between the gradients of two tasks, over the whole shared gradient, by step; of more than 1,000 steps, the least of each stretch. Below 0 they conflict.',
            unit: 'none',
            min: -1,
            max: 1,
            sql: conflictsByStep(),
          }),
          tableOfRows({
            title: 'Generations',
            description: 'Every assignment of lanes to workers, and how it ended.',
            width: 12,
            sql: `select attempt, generation, jsonb_array_length(members) as workers, resume_step as "began at", outcome,
  opened_at as opened, extract(epoch from coalesce(ended_at, now()) - opened_at) as lasted, outcome_reason as reason
from generations where ${chosen} order by generation`,
            columns: [{ name: 'lasted', unit: 's', decimals: 0 }],
          }),
          tableOfRows({
            title: 'Samples',
            description: 'What the run generated at its evaluations, newest first.',
            width: 24,
            sql: `select step, task, source, generated, "references" ->> 0 as reference from samples
where ${chosen} order by step desc, task, index limit 50`,
          }),
        ],
      },
    ],
  });

/**
 * A matrix has the upper triangle of P tasks' inner products, row by row; the whole shared gradient's is the sum of its groups'. The
 * product of tasks i and j stands at i·P - i(i-1)/2 + (j - i), counted from 0.
 */
function conflictsByStep(): string {
  return `with summed as (
  select step, place, sum(product) as product
  from matrix_groups join gram_matrices on group_id = id, unnest(gram) with ordinality as entries (product, place)
  where ${chosen} group by step, place
), sized as (
  select step, array_agg(product order by place) as gram,
    ((sqrt(8 * count(*) + 1) - 1) / 2)::int as tasks
  from summed group by step
), cosines as (
  select step, gram[i * tasks - i * (i - 1) / 2 + j - i + 1] / nullif(sqrt(
    gram[i * tasks - i * (i - 1) / 2 + 1] * gram[j * tasks - j * (j - 1) / 2 + 1]), 0) as cosine
  from sized, generate_series(0, tasks - 2) as i, generate_series(i + 1, tasks - 1) as j
), spread as (
  select min(step) as first, greatest(1, (max(step) - min(step)) / 1000) as width from cosines
)
select first + (step - first) / width * width as step, min(cosine) as "least cosine"
from cosines, spread where cosine is not null group by 1 order by 1`;
}

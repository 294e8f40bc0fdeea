import { metricDirection } from '@tributary/protocol';
import { z } from 'zod';
import { validationMetric } from './checkpoint-schema.js';

/** When a run ends before its budget, for a metric that no longer gets better. */
export const earlyStopSchema = z
  .strictObject({
    metric: validationMetric,
    task: z
      .string()
      .optional()
      .describe('The task whose metric it is; may be left out where only one task has the metric.'),
    mode: z
      .enum(['min', 'max'])
      .optional()
      .describe('Whether lower or higher is better. Default: what is better of that metric, as in `checkpoints.best`.'),
    patience: z
      .int()
      .positive()
      .max(10_000)
      .default(5)
      .describe('Evaluations in a row without a better value than the best before, after which the run ends.'),
    minDelta: z
      .number()
      .min(0)
      .default(0)
      .describe('By how much more than this a value must be better than the best before it, in units of the metric.'),
  })
  .transform((stop) => ({ ...stop, mode: stop.mode ?? metricDirection(stop.metric) }));

export type EarlyStopSpec = z.output<typeof earlyStopSchema>;

interface Stoppable {
  readonly earlyStop?: EarlyStopSpec | undefined;
  readonly tasks: readonly { readonly name: string; readonly metrics: readonly string[] }[];
}

const has = (metric: string) => (task: Stoppable['tasks'][number]) =>
  metric === 'validation.loss' || task.metrics.some((name) => `validation.${name}` === metric);

/** The task whose evaluations decide. @param run without {@link earlyStopProblems} */
export function watchedTask({ earlyStop, tasks }: Stoppable): string | null {
  if (earlyStop === undefined) return null;
  return earlyStop.task ?? tasks.find(has(earlyStop.metric))?.name ?? null;
}

/** What would leave the run without a value to stop by, or with several. */
export function earlyStopProblems({ earlyStop, tasks }: Stoppable): {
  readonly path: string[];
  readonly message: string;
}[] {
  if (earlyStop === undefined) return [];
  const { metric, task } = earlyStop;
  const problem = (field: string, message: string) => [{ path: ['earlyStop', field], message }];
  const names = (of: Stoppable['tasks']): string => of.map(({ name }) => name).join(', ');
  const named = tasks.find(({ name }) => name === task);
  if (task !== undefined && named === undefined)
    return problem('task', `names no task of this run; it has ${names(tasks)}`);
  const candidates = (named === undefined ? tasks : [named]).filter(has(metric));
  if (candidates.length === 0)
    return problem(
      'metric',
      `is not measured ${named === undefined ? 'here' : `of task "${named.name}"`}; add ${metric.slice('validation.'.length)} to the task's metrics, or take validation.loss`,
    );
  if (candidates.length > 1) return problem('task', `must say whose ${metric} decides: that of ${names(candidates)}`);
  return [];
}

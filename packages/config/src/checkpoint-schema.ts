import { metricDirection } from '@tributary/protocol';
import { z } from 'zod';

const positiveInt = z.int().positive();

/** A series of evaluations. */
export const validationMetric = z
  .string()
  .regex(/^validation\.[A-Za-z0-9_]+$/, 'must be a validation metric: validation.loss, validation.bleu, …')
  .describe('Recorded at evaluations: `validation.loss`, or a metric of the tasks, as `validation.bleu`.');

/** When state becomes durable, and how long it stays. */
export const checkpointSchema = z.strictObject({
  every: positiveInt.default(200).describe('Steps between checkpoints; the last step always has one.'),
  keep: positiveInt.max(1000).default(3).describe('Newest checkpoints to keep.'),
  keepEvery: positiveInt
    .nullable()
    .default(null)
    .describe('Steps whose multiples keep their checkpoint for good; null: none does.'),
  best: z
    .strictObject({
      metric: validationMetric,
      task: z
        .string()
        .optional()
        .describe('The task whose metric it is; left out: the mean of all tasks that have it.'),
      mode: z
        .enum(['min', 'max'])
        .optional()
        .describe(
          'Whether the lowest or the highest is the best. Default: what is better of that metric, the lowest of a loss, an error rate or perplexity, the highest of an accuracy, BLEU, ROUGE and the like.',
        ),
      keep: positiveInt.max(1000).default(1).describe('Best checkpoints to keep.'),
    })
    .transform((best) => ({ ...best, mode: best.mode ?? metricDirection(best.metric) }))
    .nullable()
    .prefault(null)
    .describe('Checkpoints to keep for their quality, beside the newest; null: none.'),
});

export type CheckpointSpec = z.output<typeof checkpointSchema>;

interface Checkpointed {
  readonly checkpoints: CheckpointSpec;
  readonly evaluation: { readonly every: number };
  readonly tasks: readonly { readonly name: string; readonly metrics: readonly string[] }[];
}

/** What would leave `best` without a value. */
export function bestProblems({ checkpoints, evaluation, tasks }: Checkpointed): {
  readonly path: string[];
  readonly message: string;
}[] {
  const { best, every } = checkpoints;
  if (best === null) return [];
  const path = (field: string): string[] => ['checkpoints', 'best', field];
  const chosen = best.task === undefined ? tasks : tasks.filter(({ name }) => name === best.task);
  if (chosen.length === 0)
    return [
      { path: path('task'), message: `names no task of this run; it has ${tasks.map(({ name }) => name).join(', ')}` },
    ];
  const metric = best.metric.slice('validation.'.length);
  const known = new Set(['loss', ...chosen.flatMap(({ metrics }) => metrics)]);
  if (!known.has(metric))
    return [
      {
        path: path('metric'),
        message: `is not measured here; there is ${[...known].map((name) => `validation.${name}`).join(', ')}`,
      },
    ];
  if (evaluation.every % every !== 0 && every % evaluation.every !== 0)
    return [
      {
        path: path('metric'),
        message: `is known only at evaluations, every ${evaluation.every} steps, and checkpoints come every ${every}; make one a multiple of the other`,
      },
    ];
  return [];
}

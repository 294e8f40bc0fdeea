import { z } from 'zod';
import type { dataSchema } from './data-schema.js';

/** Metrics of outputs as text. */
export const textMetricNames = [
  'bleu',
  'chrf2',
  'rouge1',
  'rouge2',
  'rougeL',
  'distinct1',
  'distinct2',
  'exact_match',
] as const;
export type TextMetricName = (typeof textMetricNames)[number];

/** Metrics of symbols, and of continuous outputs. */
export const tokenMetricNames = [
  'token_accuracy',
  'token_error_rate',
  'phone_error_rate',
  'letter_error_rate',
  'word_error_rate',
  'perplexity',
  'hits_at_1',
  ...textMetricNames,
] as const;
export const featureMetricNames = ['mse', 'psnr'] as const;
export const metricNames = [...tokenMetricNames, ...featureMetricNames] as const;

export const headSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('tokens').describe('Symbols: softmax over the target vocabulary.') }),
    z.strictObject({
      kind: z.literal('features').describe('Continuous vectors: a linear layer and an activation.'),
      size: z.int().positive().max(4096).describe('Numbers in each vector, as in the data.'),
      activation: z
        .enum(['sigmoid', 'linear', 'tanh', 'softmax', 'relu'])
        .default('sigmoid')
        .describe('What the linear layer goes through; `sigmoid` gives 0 to 1.'),
    }),
  ])
  .default({ kind: 'tokens' })
  .describe('What the generator puts out.');

export const lossSchema = z
  .strictObject({
    kind: z
      .enum(['cross-entropy', 'mse'])
      .optional()
      .describe(
        '`cross-entropy`: mean over target symbols, in nats. `mse`: mean of squares over target vectors and their numbers. Default: the one that fits the head.',
      ),
    labelSmoothing: z
      .number()
      .min(0)
      .max(0.5)
      .default(0)
      .describe('Share of the target probability spread over the vocabulary; cross-entropy only.'),
  })
  .prefault({})
  .describe('What training minimises.');

export const metricsSchema = z
  .array(z.enum(metricNames))
  .min(1)
  // A default is not checked again, so what stands for "left out" may be shorter than what a run file may give.
  .default([])
  .describe(
    'Reported on validation and held-out data beside the loss; `hits_at_1` reads each example with 20 targets and takes the time of that. Default: token_accuracy, token_error_rate and word_error_rate of symbols; mse and psnr of vectors.',
  );

interface TaskOutput {
  readonly head: z.output<typeof headSchema>;
  readonly loss: z.output<typeof lossSchema>;
  readonly metrics: z.output<typeof metricsSchema>;
}

/** Loss and metrics that a task leaves open follow its head. */
export function followHead<T extends TaskOutput>(task: T): T {
  const features = task.head.kind === 'features';
  const metrics: TaskOutput['metrics'] = features
    ? [...featureMetricNames]
    : ['token_accuracy', 'token_error_rate', 'word_error_rate'];
  return {
    ...task,
    loss: { ...task.loss, kind: task.loss.kind ?? (features ? 'mse' : 'cross-entropy') },
    metrics: task.metrics.length === 0 ? metrics : task.metrics,
  };
}

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Whether a task's data gives what its head puts out. */
function dataProblems(head: TaskOutput['head'], data: z.output<typeof dataSchema>): Problem[] {
  const width = data.source === 'file' ? data.features.target : undefined;
  const vectors = data.source === 'words' ? data.kind === 'articulate' : width !== undefined;
  if (vectors && head.kind === 'tokens')
    return [
      {
        path: ['head'],
        message: 'must be "features": the targets of this data are vectors, such as head: { kind: features, size: 4 }',
      },
    ];
  if (!vectors && head.kind === 'features')
    return [
      {
        path: ['head'],
        message:
          'is "features", but the targets of this data are symbols; leave head out, or give data whose targets are vectors (data.features.target)',
      },
    ];
  if (head.kind === 'features' && width !== undefined && head.size !== width)
    return [
      { path: ['head', 'size'], message: `is ${head.size}, but data.features.target is ${width}; make the two agree` },
    ];
  return [];
}

/** What of a task does not fit its head, and where. */
export function headProblems({
  data,
  head,
  loss,
  metrics,
}: TaskOutput & { readonly data: z.output<typeof dataSchema> }): Problem[] {
  const problems = dataProblems(head, data);
  const features = head.kind === 'features';
  const fitting = features ? 'mse' : 'cross-entropy';
  if (loss.kind !== undefined && loss.kind !== fitting)
    problems.push({
      path: ['loss', 'kind'],
      message: `must be "${fitting}" for head "${head.kind}", got "${loss.kind}"; leave it out, or give the task head "${features ? 'tokens' : 'features'}"`,
    });
  if (features && loss.labelSmoothing > 0)
    problems.push({
      path: ['loss', 'labelSmoothing'],
      message: 'belongs to head "tokens": vectors have no vocabulary to spread over; leave it out',
    });
  const known: readonly string[] = features ? featureMetricNames : tokenMetricNames;
  metrics.forEach((metric, index) => {
    if (!known.includes(metric))
      problems.push({
        path: ['metrics', index],
        message: `"${metric}" does not measure head "${head.kind}"; its metrics are ${known.join(', ')}`,
      });
  });
  return problems;
}

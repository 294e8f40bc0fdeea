import { z } from 'zod';
import { bestProblems, checkpointSchema } from './checkpoint-schema.js';
import { combinerProblems, combinerSchema } from './combiner-schema.js';
import { dataSourceProblems } from './data-files.js';
import { dataSchema } from './data-schema.js';
import { earlyStopProblems, earlyStopSchema } from './early-stop-schema.js';
import { initSchema } from './init-schema.js';
import { generatorSchema, modelSchema } from './model-schema.js';
import { optimizerSchema, scheduleSchema } from './optimizer-schema.js';
import { samplingProblems, samplingSchema, taskSamplingFields } from './sampling-schema.js';
import { roundProblems, syncSchema } from './sync-schema.js';
import { longestNote, tagsOfRunSchema } from './tags-schema.js';
import { followHead, headProblems, headSchema, lossSchema, metricsSchema } from './task-output-schema.js';
import { tokenizerProblems } from './tokenizer-problems.js';

const positiveInt = z.int().positive();
const fraction = z.number().min(0).max(1);
const token = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'must be 1 to 64 letters, digits, "-" or "_", starting with a letter or digit',
  );

/** Room for the run id, `<experiment>-<8 characters>`, inside the 64 characters of an id. */
const experimentName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,54}$/,
    'must be 1 to 55 letters, digits, "-" or "_", starting with a letter or digit',
  );

/** Most lanes (replicas of all tasks together) of one run. */
export const maxLanes = 64;

const taskSchema = z
  .strictObject({
    name: token.describe('Name of the task, unique in the run.'),
    data: dataSchema.describe('Where its pairs come from.'),
    replicas: positiveInt.max(64).default(1).describe('Lanes of this task; each takes its own share of the batches.'),
    weight: z
      .number()
      .positive()
      .default(1)
      .describe(
        'Weight of its gradient in the shared encoder, under combiner `weighted`, `cagrad`, `aligned-mtl` or `upgrad`.',
      ),
    ...taskSamplingFields,
    head: headSchema,
    loss: lossSchema,
    metrics: metricsSchema,
    generator: generatorSchema.optional().describe("Overrides the model's default generator."),
  })
  .overwrite(followHead);

const durationSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(s|m|h|d)$/, 'must be a number and a unit: 90s, 30m, 8h, 2d')
  .describe('A duration: 90s, 30m, 8h, 2d.');

/** The run file: everything that decides a run's result. */
export const runFileSchema = z
  .strictObject({
    experiment: experimentName.describe("Groups runs in the history; the run's id begins with it."),
    seed: z
      .int()
      .min(0)
      .max(0xffffffff)
      .default(1)
      .describe('Decides initial parameters, shuffles and every random draw.'),
    model: modelSchema.prefault({}).describe('The shared encoder, and how generators read it.'),
    init: initSchema.optional().describe('Parameters to begin with in place of random ones, matched by name.'),
    tasks: z.array(taskSchema).min(1).max(maxLanes).describe('The learning tasks; each has its own generator.'),
    splits: z
      .strictObject({
        validation: fraction.default(0.01).describe('Share kept for validation.'),
        test: fraction.default(0.05).describe('Share held out for the final result.'),
      })
      .prefault({})
      .describe('Shares of the data kept for validation and for the held-out result, by hash.'),
    optimizer: optimizerSchema
      .default({ kind: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 })
      .describe('How a gradient becomes an update.'),
    schedule: scheduleSchema.default({ kind: 'constant' }).describe('Learning rate over the steps of the budget.'),
    clip: z
      .strictObject({ globalNorm: z.number().positive().describe('Largest Euclidean norm.') })
      .nullable()
      .default({ globalNorm: 1 })
      .describe(
        "Largest norm of the combined shared gradient, and of each task's own (with diloco: of both gradients of a lane's step); null: no clipping.",
      ),
    batch: z
      .strictObject({
        size: positiveInt.max(4096).default(64).describe('Examples in a batch of one lane.'),
        microbatches: positiveInt
          .max(1024)
          .default(1)
          .describe('Batches of one lane whose gradients are averaged, each by its tokens, into one step.'),
      })
      .prefault({})
      .describe('Examples of one lane in one step.'),
    lengths: z
      .strictObject({
        source: positiveInt.max(4096).default(64).describe('Longest source, in symbols.'),
        target: positiveInt.max(4096).default(64).describe('Longest target, in symbols.'),
        overlong: z
          .enum(['refuse', 'truncate', 'skip'])
          .default('refuse')
          .describe('What to do with a longer example; it is counted.'),
        buckets: positiveInt
          .max(16)
          .default(4)
          .describe('Batch shapes a task: batches are filled from examples of similar length.'),
      })
      .prefault({})
      .describe('Limits on the length of examples.'),
    vocabulary: z
      .strictObject({
        limit: positiveInt
          .max(1_000_000)
          .default(32_000)
          .describe('Most symbols a vocabulary may have; more is an error.'),
      })
      .prefault({})
      .describe('Limits on vocabularies.'),
    sync: syncSchema.prefault({}).describe('How lanes come to one update, and how it is written to the wire.'),
    combiner: combinerSchema.prefault({}).describe('How task gradients become one.'),
    sampling: samplingSchema.default({ kind: 'all' }).describe('Which tasks take part in a step.'),
    nonFinite: z
      .strictObject({
        limit: positiveInt
          .max(1_000_000)
          .default(20)
          .describe('Steps in a row that may be skipped, as not finite, before the run fails.'),
      })
      .prefault({})
      .describe('What becomes of steps whose gradients are not finite: they are skipped.'),
    workers: z
      .strictObject({
        min: positiveInt.max(1024).default(1).describe('Workers without which the run stays queued.'),
        max: positiveInt.max(1024).default(8).describe('Most workers that it takes.'),
        grace: durationSchema
          .default('5s')
          .describe(
            'How long an unreachable worker (no beacon for 3 s) keeps its lanes; then they move to others. It never changes the result.',
          ),
      })
      .prefault({})
      .describe('How many workers the run waits for at least and takes at most (never more than it has lanes).'),
    compute: z
      .strictObject({
        threads: positiveInt
          .max(256)
          .default(1)
          .describe('Threads of one trainer; fixed by the run, not by the machine.'),
        precision: z
          .enum(['float32', 'bf16'])
          .default('float32')
          .describe(
            '`bf16`: operands of matrix products are rounded to bfloat16; parameters and all else stay float32.',
          ),
      })
      .prefault({})
      .describe('How a trainer computes.'),
    checkpoints: checkpointSchema.prefault({}).describe('When state becomes durable, and how long it stays.'),
    snapshots: z
      .strictObject({
        every: positiveInt
          .default(25)
          .describe(
            "Steps between snapshots, which workers hold in memory and copy to each other: what a worker's loss costs at most. It never changes the result.",
          ),
      })
      .prefault({})
      .describe('What recovery begins from where nothing but workers were lost.'),
    evaluation: z
      .strictObject({
        every: positiveInt.default(200).describe('Steps between evaluations on validation data.'),
        examples: positiveInt.default(256).describe('Validation examples used each time; the same ones.'),
        samples: z.int().min(0).max(100).default(3).describe('Generated examples of each task in the final report.'),
      })
      .prefault({})
      .describe('When and on what validation runs.'),
    earlyStop: earlyStopSchema
      .optional()
      .describe('Ends the run when a metric no longer gets better: one step after the evaluation that says so.'),
    records: z
      .strictObject({
        every: positiveInt
          .default(1)
          .describe(
            "Steps between records of the tasks' inner products, coefficients, losses, norm, learning rate and durations; the first step, the last and every one with an evaluation are always recorded.",
          ),
      })
      .prefault({})
      .describe('Which steps the history keeps.'),
    tags: tagsOfRunSchema
      .optional()
      .describe('Words to find the run by, text each: { purpose: baseline }. They never change the result.'),
    note: z
      .string()
      .max(longestNote)
      .optional()
      .describe('What the run is for, in free text. It never changes the result.'),
    budget: z
      .strictObject({
        steps: positiveInt.max(1_000_000_000).describe('Steps after which the run is finished.'),
        time: durationSchema
          .optional()
          .describe('Training time after which the run pauses at a step that all workers agree on.'),
      })
      .describe('When the run ends.'),
  })
  .superRefine((run, context) => {
    const seen = new Set<string>();
    run.tasks.forEach((task, index) => {
      if (seen.has(task.name))
        context.addIssue({
          code: 'custom',
          path: ['tasks', index, 'name'],
          message: `task "${task.name}" stands twice; give each task its own name`,
        });
      seen.add(task.name);
    });
    run.tasks.forEach((task, index) => {
      for (const { path, message } of headProblems(task))
        context.addIssue({ code: 'custom', path: ['tasks', index, ...path], message });
      for (const { path, message } of dataSourceProblems(task.data))
        context.addIssue({ code: 'custom', path: ['tasks', index, 'data', ...path], message });
    });
    run.tasks.forEach(({ data }, index) => {
      if (data.source !== 'file' || data.format === 'jsonl') return;
      if (data.features.source !== undefined || data.features.target !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['tasks', index, 'data', 'features'],
          message: 'needs format jsonl; a TSV field holds text, not vectors',
        });
    });
    for (const { path, message } of tokenizerProblems(run)) context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of samplingProblems(run)) context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of combinerProblems(run))
      context.addIssue({ code: 'custom', path: [...path], message });
    if (run.model.attention.kind === 'luong' && run.model.attention.normalize)
      context.addIssue({
        code: 'custom',
        path: ['model', 'attention', 'normalize'],
        message: 'is a choice of additive attention; leave it out or choose kind: bahdanau',
      });
    for (const { path, message } of earlyStopProblems(run)) context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of bestProblems(run)) context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of roundProblems(run)) context.addIssue({ code: 'custom', path, message });
    if (run.workers.max < run.workers.min)
      context.addIssue({ code: 'custom', path: ['workers', 'max'], message: 'must be at least workers.min' });
    let lanes = 0;
    let tooMany: number | undefined;
    run.tasks.forEach((task, index) => {
      lanes += task.replicas;
      if (lanes > maxLanes) tooMany ??= index;
    });
    if (tooMany !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['tasks', tooMany, 'replicas'],
        message: `brings the run to ${lanes} lanes (one for each replica of each task), but it can have at most ${maxLanes}; lower the replicas`,
      });
    if (run.workers.min > lanes)
      context.addIssue({
        code: 'custom',
        path: ['workers', 'min'],
        message: `asks for ${run.workers.min} workers, but the run has only ${lanes} lanes (one for each replica of each task)`,
      });
    if (run.splits.validation + run.splits.test >= 1)
      context.addIssue({
        code: 'custom',
        path: ['splits'],
        message: 'validation and test together must leave data to train on (below 1)',
      });
  });

/** A run file with every default filled in. */
export type RunFile = z.output<typeof runFileSchema>;
export type RunFileInput = z.input<typeof runFileSchema>;
export type TaskSpec = RunFile['tasks'][number];
export type ModelSpec = RunFile['model'];
export type EncoderSpec = RunFile['model']['encoder'];
export type GeneratorSpec = RunFile['model']['generator'];
export type DataSpec = TaskSpec['data'];
export type InitSpec = NonNullable<RunFile['init']>;
export type CombinerSpec = RunFile['combiner'];
export type OptimizerSpec = RunFile['optimizer'];
export type SamplingSpec = RunFile['sampling'];
export type ScheduleSpec = RunFile['schedule'];
export type HeadSpec = TaskSpec['head'];
export type FeatureActivation = Extract<HeadSpec, { readonly kind: 'features' }>['activation'];
export type MetricName = TaskSpec['metrics'][number];

/** `90s`, `30m`, `8h`, `2d` in milliseconds. */
export function durationMs(text: string): number {
  const units = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 } as const;
  return Number.parseFloat(text) * units[text.slice(-1) as keyof typeof units];
}

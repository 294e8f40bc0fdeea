import { z } from 'zod';
import { combinerProblems, combinerSchema } from './combiner-schema.js';
import { dataSchema } from './data-schema.js';
import { initSchema } from './init-schema.js';
import { samplingProblems, samplingSchema, taskSamplingFields } from './sampling-schema.js';
import { roundProblems, syncSchema } from './sync-schema.js';
import { followHead, headProblems, headSchema, lossSchema, metricsSchema } from './task-output-schema.js';

const positiveInt = z.int().positive();
const fraction = z.number().min(0).max(1);
const decay = z.number().min(0).lt(1);
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

const dropout = z.number().min(0).lt(1).default(0);

const recurrentFields = {
  hidden: positiveInt.max(8192).default(256),
  dropout: dropout.describe('Share of the units between layers that is set to zero in training.'),
};

const transformerFields = {
  width: positiveInt.max(8192).default(256).describe('Width of a position; a multiple of heads.'),
  layers: positiveInt.max(64).default(4).describe('Stacked layers.'),
  heads: positiveInt.max(64).default(4).describe('Attention heads.'),
  feedForward: positiveInt
    .max(65536)
    .optional()
    .describe('Width inside the feed-forward part; default: 4 times width.'),
  dropout: dropout.describe('Share set to zero in training, after each part of a layer and in the embedding.'),
};

/** Each head has an equal share of the width. */
const dividesIntoHeads = (spec: { readonly width: number; readonly heads: number }, context: z.RefinementCtx): void => {
  const { width, heads } = spec;
  if (width % heads === 0) return;
  const below = width - (width % heads);
  const remedy = `width ${below === 0 ? heads : `${below} or ${below + heads}`}`;
  context.addIssue({
    code: 'custom',
    path: ['width'],
    message: `must be a multiple of heads, but ${width} columns do not divide among ${heads} heads; take ${remedy}, or other heads`,
  });
};

const recurrentEncoderFields = {
  ...recurrentFields,
  hidden: recurrentFields.hidden.describe('Units in each direction and layer.'),
  layers: positiveInt.max(16).default(1).describe('Stacked layers.'),
  bidirectional: z.boolean().default(false).describe('Read the source in both directions and join the two states.'),
};

/** `kind` may be left out: a run file that names none means `gru`. */
const gruKind = z.literal('gru').optional().default('gru');

const encoderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: gruKind.describe('Gated recurrent units (Cho 2014).'), ...recurrentEncoderFields }),
  z.strictObject({
    kind: z.literal('lstm').describe('Long short-term memory (Hochreiter and Schmidhuber 1997).'),
    ...recurrentEncoderFields,
  }),
  z
    .strictObject({
      kind: z.literal('transformer').describe('Pre-norm self-attention (Vaswani 2017, Xiong 2020).'),
      ...transformerFields,
    })
    .superRefine(dividesIntoHeads),
]);

const attentionSchema = z.strictObject({
  kind: z
    .enum(['bahdanau', 'luong'])
    .default('bahdanau')
    .describe('Additive attention (Bahdanau 2015) or multiplicative, "general" (Luong 2015).'),
  size: positiveInt
    .max(8192)
    .optional()
    .describe("Width of the additive attention space; default: the generator's hidden size."),
  normalize: z
    .boolean()
    .default(false)
    .describe('Additive attention with a normalised score vector, g v/|v|, and a bias (Salimans and Kingma 2016).'),
  average: z
    .enum(['arithmetic', 'exponential'])
    .default('arithmetic')
    .describe('What a generator reads: the weighted sum of the states x, or of exp(x).'),
});

const generatorSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: gruKind.describe('A recurrent generator with attention.'),
    ...recurrentFields,
    hidden: recurrentFields.hidden.describe('Units of the generator.'),
  }),
  z.strictObject({
    kind: z.literal('lstm').describe('The same with LSTM cells.'),
    ...recurrentFields,
    hidden: recurrentFields.hidden.describe('Units of the generator.'),
  }),
  z
    .strictObject({
      kind: z.literal('transformer').describe('Pre-norm masked self-attention and attention to the source.'),
      ...transformerFields,
    })
    .superRefine(dividesIntoHeads),
]);

/** Names by which a run file chooses how a parameter begins. */
const initialSchema = z.strictObject({
  parameters: z
    .string()
    .min(1)
    .describe('Which parameters: a name such as `attention.scores`, or a pattern with `*`, such as `encoder.*`.'),
  values: z
    .enum(['zeros', 'smallNormal', 'softmax', 'glorot'])
    .describe(
      '`zeros`; `smallNormal`: normal draws with deviation 0.01; `softmax`: the softmax of normal draws along the last axis; `glorot`: uniform (Glorot and Bengio 2010).',
    ),
});

const modelSchema = z.strictObject({
  embedding: z
    .strictObject({
      size: positiveInt.max(8192).default(128).describe('Width of source and target embeddings.'),
      share: z
        .enum(['source', 'all'])
        .default('source')
        .describe(
          '`source`: tasks share the source embedding, each has its own target embedding. `all`: one embedding over the joint vocabulary, in the shared state.',
        ),
    })
    .prefault({})
    .describe('How symbols become vectors.'),
  encoder: encoderSchema.prefault({}).describe('The encoder that all tasks share.'),
  attention: attentionSchema.prefault({}).describe("How a generator reads the encoder's states."),
  generator: generatorSchema.prefault({}).describe('Default generator; a task may give its own.'),
  initial: z
    .array(initialSchema)
    .default([])
    .describe('How parameters begin, where it is not the default; the first entry that matches a parameter decides.'),
});

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

const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant').describe('The peak learning rate throughout.') }),
  z.strictObject({
    kind: z.literal('warmup-cosine').describe('Linear warm-up, then half a cosine down to the floor.'),
    warmupSteps: z.int().min(0).default(100).describe('Steps of linear warm-up.'),
    floor: fraction.default(0.02).describe('Final learning rate as a share of the peak.'),
  }),
  z.strictObject({
    kind: z.literal('linear').describe('Linear warm-up, then a straight line down to the floor.'),
    warmupSteps: z.int().min(0).default(100).describe('Steps of linear warm-up.'),
    floor: fraction.default(0).describe('Final learning rate as a share of the peak.'),
  }),
  z.strictObject({
    kind: z
      .literal('inverse-sqrt')
      .describe('Linear warm-up, then in inverse proportion to the root of the step (Vaswani 2017).'),
    warmupSteps: positiveInt
      .default(1000)
      .describe('Steps of linear warm-up; the rate is half its peak at four times as many.'),
  }),
]);

const learningRate = z.number().positive().describe('Peak learning rate.');
/** A smaller epsilon would vanish in float32, and 0 / 0 would follow. */
const epsilon = z.number().min(1e-30).default(1e-8).describe('Added to the root of the second moment.');

/** Decoupled weight decay shrinks a weight by the factor 1 - learningRate * weightDecay, which must stay above 0. */
const shrinks = {
  check: (spec: { readonly learningRate: number; readonly weightDecay: number }) =>
    spec.learningRate * spec.weightDecay < 1,
  issue: {
    path: ['weightDecay'],
    message: 'times learningRate must be below 1: each step multiplies the weights by 1 - learningRate * weightDecay',
  },
};

const adamSchema = z.strictObject({
  kind: z.literal('adam').describe('Adam (Kingma and Ba 2015).'),
  learningRate,
  beta1: decay.default(0.9).describe('Decay of the first moment.'),
  beta2: decay.default(0.999).describe('Decay of the second moment.'),
  epsilon,
});
const adamwSchema = z
  .strictObject({
    kind: z.literal('adamw').describe('Adam with decoupled weight decay (Loshchilov and Hutter 2019).'),
    learningRate,
    beta1: decay.default(0.9).describe('Decay of the first moment.'),
    beta2: decay.default(0.999).describe('Decay of the second moment.'),
    epsilon,
    weightDecay: z
      .number()
      .min(0)
      .default(0.01)
      .describe(
        'Share of a weight, times the learning rate, that a step takes away; matrices only: never embeddings, biases or norms.',
      ),
  })
  .refine(shrinks.check, shrinks.issue);
const lionSchema = z
  .strictObject({
    kind: z.literal('lion').describe('Lion (Chen 2023): every weight moves by the learning rate, up or down.'),
    learningRate: learningRate.describe('Peak learning rate; three to ten times smaller than for adam.'),
    beta1: decay.default(0.9).describe('Share of the momentum in the direction of an update.'),
    beta2: decay.default(0.99).describe('Decay of the momentum.'),
    weightDecay: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Share of a weight, times the learning rate, that a step takes away; matrices only: never embeddings, biases or norms.',
      ),
  })
  .refine(shrinks.check, shrinks.issue);
const sgdSchema = z
  .strictObject({
    kind: z.literal('sgd').describe('Stochastic gradient descent.'),
    learningRate,
    momentum: decay.default(0).describe('Share of the last update that is kept.'),
    nesterov: z.boolean().default(false).describe('Looks ahead along the momentum (Sutskever 2013).'),
  })
  .refine((spec) => !spec.nesterov || spec.momentum > 0, {
    path: ['nesterov'],
    message: 'looks ahead along the momentum, but momentum is 0; set momentum, 0.9 for example',
  });

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
    optimizer: z
      .discriminatedUnion('kind', [adamSchema, adamwSchema, lionSchema, sgdSchema])
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
    checkpoints: z
      .strictObject({
        every: positiveInt.default(200).describe('Steps between checkpoints; the last step always has one.'),
        keep: positiveInt.max(1000).default(3).describe('Newest checkpoints to keep.'),
      })
      .prefault({})
      .describe('When state becomes durable.'),
    evaluation: z
      .strictObject({
        every: positiveInt.default(200).describe('Steps between evaluations on validation data.'),
        examples: positiveInt.default(256).describe('Validation examples used each time; the same ones.'),
        samples: z.int().min(0).max(100).default(3).describe('Generated examples of each task in the final report.'),
      })
      .prefault({})
      .describe('When and on what validation runs.'),
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
    for (const { path, message } of samplingProblems(run)) context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of combinerProblems(run))
      context.addIssue({ code: 'custom', path: [...path], message });
    if (run.model.attention.kind === 'luong' && run.model.attention.normalize)
      context.addIssue({
        code: 'custom',
        path: ['model', 'attention', 'normalize'],
        message: 'is a choice of additive attention; leave it out or choose kind: bahdanau',
      });
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

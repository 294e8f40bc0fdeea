import { z } from 'zod';

const groups = z
  .enum(['all', 'layers'])
  .default('all')
  .describe(
    '`all`: one matrix of inner products over all shared parameters. `layers`: one, with weights of its own, for each layer of the encoder and one for the rest.',
  );
const rate = z.number().positive().max(10);

/** `kind` may be left out: a run file that names none means `weighted`. */
const weightedSchema = z.strictObject({
  kind: z
    .literal('weighted')
    .optional()
    .default('weighted')
    .describe("The mean of the task gradients, each times its task's weight and its share of the step."),
  groups,
});

/** How task gradients become one. Defaults are the papers'. */
export const combinerSchema = z.discriminatedUnion('kind', [
  weightedSchema,
  z.strictObject({
    kind: z
      .literal('pcgrad')
      .describe('Each gradient without the part that conflicts with another, in random order (Yu 2020).'),
    groups,
  }),
  z.strictObject({
    kind: z
      .literal('gradvac')
      .describe('Turns each gradient to a cosine with each other that follows those seen (Wang 2021).'),
    beta: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('How fast the cosine aimed at follows those seen, from 0; with 0 it stays there.'),
    groups,
  }),
  z.strictObject({
    kind: z.literal('mgda').describe('The shortest vector between the gradients (Désidéri 2012, Sener 2018).'),
    groups,
  }),
  z.strictObject({
    kind: z
      .literal('cagrad')
      .describe('Near the weighted mean, the update that the worst-off task gains most from (Liu 2021).'),
    c: z
      .number()
      .min(0)
      .lt(1)
      .default(0.4)
      .describe('How far from the mean, as a share of its length; 0 is the weighted mean.'),
    groups,
  }),
  z.strictObject({
    kind: z.literal('imtl-g').describe('Equal projections on all gradients (IMTL-G, Liu 2021).'),
    groups,
  }),
  z.strictObject({
    kind: z
      .literal('aligned-mtl')
      .describe("Brings the gradients' principal components to one length (Senushkin 2023)."),
    scale: z
      .enum(['min', 'median', 'rmse'])
      .default('min')
      .describe('That length: of the smallest component, of the lower median one, or their root mean square.'),
    groups,
  }),
  z.strictObject({
    kind: z.literal('nash-mtl').describe('The Nash bargaining solution between the tasks (Navon 2022).'),
    groups,
  }),
  z.strictObject({
    kind: z
      .literal('upgrad')
      .describe('Projects each gradient to where it conflicts with none; the weighted mean (Quinton 2024).'),
    groups,
  }),
  z.strictObject({
    kind: z.literal('gradnorm').describe('Learns weights that balance gradient norms and training rates (Chen 2018).'),
    alpha: z
      .number()
      .min(0)
      .max(10)
      .default(1.5)
      .describe('How strongly a task that learns more slowly is preferred; 0: equal norms.'),
    lr: rate.default(0.025).describe('Learning rate of the weights.'),
    groups,
  }),
  z.strictObject({
    kind: z.literal('db-mtl').describe("All gradients at the norm of the longest of the log losses' (Lin 2023)."),
    groups,
  }),
  z.strictObject({
    kind: z.literal('uncertainty').describe('Learns a variance of each loss (Kendall 2018).'),
    lr: rate.default(0.001).describe('Learning rate of the log-variances.'),
    groups,
  }),
  z.strictObject({
    kind: z.literal('dwa').describe('Prefers tasks whose loss falls slowly (dynamic weight average, Liu 2019).'),
    temperature: z.number().positive().max(1e6).default(2).describe('A larger one brings the weights together.'),
    window: z
      .int()
      .positive()
      .max(1_000_000)
      .default(100)
      .describe("Steps of a task over which a loss is averaged, in place of the paper's epoch."),
    groups,
  }),
  z.strictObject({
    kind: z.literal('imtl-l').describe('Learns a scale of each loss that makes them equal (IMTL-L, Liu 2021).'),
    lr: rate.default(0.001).describe('Learning rate of the scales.'),
    groups,
  }),
  z.strictObject({
    kind: z.literal('stch').describe('A smooth maximum of the losses (smooth Tchebycheff, Lin 2024).'),
    mu: z
      .number()
      .min(1e-6)
      .max(1e6)
      .default(0.1)
      .describe(
        'Smoothness, in nats of the mean loss; a small one follows the largest loss alone. The paper tries 0.01 to 1.',
      ),
    groups,
  }),
  z.strictObject({
    kind: z.literal('famo').describe('Weights losses so that all fall at the same rate (Liu 2023).'),
    lr: rate.default(0.025).describe('Learning rate of the weights.'),
    decay: z.number().min(0).max(1).default(0.001).describe('Weight decay, which draws the weights together.'),
    groups,
  }),
]);

/** Kinds in which a task's weight has a place; the others weigh tasks by their own rule alone. */
const weighing: readonly string[] = ['weighted', 'cagrad', 'aligned-mtl', 'upgrad'];

/** What is wrong about the weights of a run's tasks under its combiner. */
export function combinerProblems(run: {
  readonly combiner: z.output<typeof combinerSchema>;
  readonly tasks: readonly { readonly weight: number }[];
}): { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const { kind } = run.combiner;
  if (weighing.includes(kind)) return [];
  return run.tasks.flatMap(({ weight }, index) =>
    weight === 1
      ? []
      : [
          {
            path: ['tasks', index, 'weight'],
            message: `has no effect with combiner ${kind}, which weighs the tasks itself; leave it out, or choose combiner ${weighing.slice(0, -1).join(', ')} or ${weighing.at(-1)}`,
          },
        ],
  );
}

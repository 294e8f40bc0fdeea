import { z } from 'zod';

const positiveInt = z.int().positive();
const fraction = z.number().min(0).max(1);
const decay = z.number().min(0).lt(1);

export const scheduleSchema = z.discriminatedUnion('kind', [
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

/** How a gradient becomes an update. */
export const optimizerSchema = z.discriminatedUnion('kind', [adamSchema, adamwSchema, lionSchema, sgdSchema]);

import { z } from 'zod';

const positiveInt = z.int().positive();
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

export const generatorSchema = z.discriminatedUnion('kind', [
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

export const modelSchema = z.strictObject({
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

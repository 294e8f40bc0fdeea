import { z } from 'zod';

const positiveInt = z.int().positive();

const wordsDataSchema = z.strictObject({
  source: z.literal('words').describe('The pronunciation dictionary that comes with Tributary.'),
  kind: z
    .enum(['pronounce', 'spell', 'stress', 'articulate'])
    .describe(
      'letters to phones, phones to letters, letters to stress digits, letters to the articulatory features of each phone (continuous: head `features`)',
    ),
});

const tokensSchema = z
  .enum(['characters', 'whitespace'])
  .describe('`characters`: each character is a symbol. `whitespace`: each word is.');

const fileDataSchema = z.strictObject({
  source: z.literal('file').describe('Pairs of your own.'),
  format: z.enum(['jsonl', 'tsv']).describe('One JSON object a line, or tab-separated with a header line.'),
  path: z
    .string()
    .min(1)
    .describe(
      'The pairs, relative to the run file. Split by the hash of the source unless `validation` and `test` are given.',
    ),
  validation: z.string().min(1).optional().describe('Pairs for validation.'),
  test: z.string().min(1).optional().describe('Held-out pairs for the final result.'),
  columns: z
    .strictObject({
      source: z.string().min(1).default('source').describe('Column or field of the source.'),
      target: z.string().min(1).default('target').describe('Column or field of the target.'),
    })
    .prefault({})
    .describe('Names of the two columns or JSON fields.'),
  tokens: z
    .strictObject({ source: tokensSchema.default('whitespace'), target: tokensSchema.default('whitespace') })
    .prefault({})
    .describe('How text is cut into symbols.'),
  features: z
    .strictObject({
      source: positiveInt.max(4096).optional().describe('Numbers in each vector of the source.'),
      target: positiveInt
        .max(4096)
        .optional()
        .describe('Numbers in each vector of the target, 0 to 1; the task needs head `features`.'),
    })
    .prefault({})
    .describe('JSONL only: a column that holds a list of vectors, such as [[0, 0.5], [1, 0.25]], in place of text.'),
});

/** Where a task's pairs come from. */
export const dataSchema = z.discriminatedUnion('source', [wordsDataSchema, fileDataSchema]);

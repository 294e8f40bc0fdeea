import { z } from 'zod';
import { corpusNames, corpusPairNames } from './corpus-names.js';
import { tokensSchema } from './tokens-schema.js';

const positiveInt = z.int().positive();

const wordsDataSchema = z.strictObject({
  source: z.literal('words').describe('The pronunciation dictionary that comes with Tributary.'),
  kind: z
    .enum(['pronounce', 'spell', 'stress', 'articulate'])
    .describe(
      'letters to phones, phones to letters, letters to stress digits, letters to the articulatory features of each phone (continuous: head `features`)',
    ),
});

const tokensOfData = z
  .strictObject({
    source: tokensSchema.default('whitespace').describe('How the text of sources is cut.'),
    target: tokensSchema.default('whitespace').describe('How the text of targets is cut.'),
  })
  .prefault({})
  .describe('How text is cut into symbols.');

const fileDataSchema = z.strictObject({
  source: z.literal('file').describe('Pairs of your own.'),
  format: z.enum(['jsonl', 'tsv']).describe('One JSON object a line, or tab-separated with a header line.'),
  path: z
    .string()
    .min(1)
    .describe(
      'The pairs, relative to the run file. Split by the hash of the source, or of `columns.group`, unless `validation` and `test` are given.',
    ),
  validation: z.string().min(1).optional().describe('Pairs for validation.'),
  test: z.string().min(1).optional().describe('Held-out pairs for the final result.'),
  columns: z
    .strictObject({
      source: z.string().min(1).default('source').describe('Column or field of the source.'),
      target: z.string().min(1).default('target').describe('Column or field of the target.'),
      group: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Column or field of text that names what a pair belongs to: a document, a speaker. All pairs of a group lie in one split, in every task of the run. A source that groups of several splits share stays in that of the first group by name alone.',
        ),
    })
    .prefault({})
    .describe('Names of the columns or JSON fields.'),
  tokens: tokensOfData,
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

const corpusDataSchema = z.strictObject({
  source: z.literal('corpus').describe('Pairs of a corpus that `tributary data fetch` has brought.'),
  corpus: z
    .enum(corpusNames)
    .describe('`debian`: descriptions of packages and their translations. `chitchat`: conversations.'),
  pairs: z
    .enum(corpusPairNames)
    .describe(
      'Which pairs. debian: `summarise` (first paragraph to short description), `translate-XX` (English short descriptions to German, French, Italian, Danish), `translate-XX-paragraphs`; split by source package. chitchat: `reply` (a turn to the next one); split by conversation.',
    ),
  tokens: tokensOfData,
});

/** Where a task's pairs come from. */
export const dataSchema = z.discriminatedUnion('source', [wordsDataSchema, fileDataSchema, corpusDataSchema]);

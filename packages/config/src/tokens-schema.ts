import { z } from 'zod';

/** The four special symbols and the 256 bytes. */
const smallestVocabulary = 260;

const symbolsSchema = z
  .enum(['characters', 'whitespace', 'bytes'])
  .describe(
    '`characters`: each character is a symbol. `whitespace`: each word is. `bytes`: each byte of UTF-8 is, whatever the text.',
  );

const bytePairsSchema = z.strictObject({
  kind: z
    .literal('bpe')
    .describe('Byte pairs, learned from the training split when the run is prepared; any text can be written in them.'),
  vocabulary: z
    .int()
    .min(smallestVocabulary)
    .max(1_000_000)
    .default(4000)
    .describe('Symbols, the 4 special ones and the 256 bytes included; fewer where no pair occurs twice any more.'),
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
      'must be 1 to 64 letters, digits, "-" or "_", starting with a letter or digit',
    )
    .optional()
    .describe(
      'Sides of one name, in one task or several, share one tokenizer, learned from all their text. Left out: the side has its own.',
    ),
});

const tokenizerFileSchema = z.strictObject({
  kind: z.literal('file').describe('A tokenizer that exists.'),
  path: z
    .string()
    .min(1)
    .describe(
      "A tokenizer.json of Hugging Face's tokenizers library, relative to the run file; uploaded with the data.",
    ),
});

/** How the text of a side is cut into symbols. */
export const tokensSchema = z.union([
  symbolsSchema,
  z.discriminatedUnion('kind', [bytePairsSchema, tokenizerFileSchema]),
]);

export type TokensSpec = z.output<typeof tokensSchema>;

/**
 * What names the tokenizer of a side within its run: equal for sides that share one. Null: its symbols are characters or words, whose
 * vocabulary is counted.
 */
export function tokenizerId(tokens: TokensSpec, task: string, side: 'source' | 'target'): string | null {
  if (tokens === 'characters' || tokens === 'whitespace') return null;
  if (tokens === 'bytes') return 'bytes';
  if (tokens.kind === 'file') return `file:${tokens.path}`;
  return tokens.name === undefined ? `${task}.${side}` : `name:${tokens.name}`;
}

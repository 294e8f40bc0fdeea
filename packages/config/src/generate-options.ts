import type { GenerateOptions } from '@tributary/protocol';
import { z } from 'zod';

/** Hypotheses or draws of one source. */
export const mostOutputs = 32;
/** Symbols of an output. */
export const longestOutput = 4096;

/** Names the search that an option belongs to where another one was given it. */
const ofKind =
  (kind: string, belongs: Readonly<Record<string, string>>) =>
  (issue: z.core.$ZodRawIssue): string | undefined => {
    if (issue.code !== 'unrecognized_keys') return undefined;
    const [key = ''] = (issue as unknown as { readonly keys: readonly string[] }).keys;
    const owner = belongs[key];
    return owner === undefined
      ? `"${key}" is no option of a search of kind "${kind}"; leave it out`
      : `"${key}" belongs to a search of kind "${owner}", and this one is "${kind}": leave it out, or search by ${owner}`;
  };

const ofBeam = { width: 'beam', lengthPenalty: 'beam' } as const;
const ofSample = { temperature: 'sample', topK: 'sample', topP: 'sample', seed: 'sample' } as const;

const greedySchema = z.strictObject(
  { kind: z.literal('greedy').describe('The most likely symbol at each step.') },
  { error: ofKind('greedy', { ...ofBeam, ...ofSample }) },
);

const beamSchema = z.strictObject(
  {
    kind: z.literal('beam').describe('The best outputs that a beam of hypotheses finds.'),
    width: z.int().min(1).max(mostOutputs).default(4).describe('Hypotheses that are followed.'),
    lengthPenalty: z
      .number()
      .min(0)
      .max(5)
      .default(0.6)
      .describe(
        'α of the length penalty: outputs are ranked by log p(Y) / ((5 + |Y|) / 6)^α, |Y| with the end symbol (Wu 2016); 0: by log p alone.',
      ),
  },
  { error: ofKind('beam', ofSample) },
);

const sampleSchema = z.strictObject(
  {
    kind: z.literal('sample').describe('Drawn symbol by symbol.'),
    temperature: z
      .number()
      .min(0.01)
      .max(100)
      .default(1)
      .describe('Logits are divided by it: below 1 likely symbols get likelier.'),
    topK: z
      .int()
      .min(1)
      .max(1000)
      .nullable()
      .default(null)
      .describe('Draw from so many of the most likely symbols (Fan 2018); null: all.'),
    topP: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe('Draw from the fewest most likely symbols with this share of the probability (Holtzman 2020); 1: all.'),
    seed: z
      .int()
      .min(0)
      .max(0xffffffff)
      .default(1)
      .describe(
        "Decides every draw, with the source's number; the same seed gives the same text, whatever else is asked.",
      ),
  },
  { error: ofKind('sample', ofBeam) },
);

/** What is asked of generation, with its defaults: the same for the API, for `serve` and for the command line. */
export const generateOptionsSchema = z
  .strictObject({
    search: z
      .discriminatedUnion('kind', [greedySchema, beamSchema, sampleSchema])
      .prefault({ kind: 'greedy' })
      .describe('How outputs are looked for.'),
    maxLength: z
      .int()
      .min(1)
      .max(longestOutput)
      .nullable()
      .default(null)
      .describe("Longest output in symbols, the end symbol included; null: the run's lengths.target and one."),
    nBest: z
      .int()
      .min(1)
      .max(mostOutputs)
      .default(1)
      .describe('Outputs of each source: the best of a beam, or so many draws.'),
    repetitionPenalty: z
      .number()
      .min(1)
      .max(100)
      .default(1)
      .describe(
        'Logits of symbols that an output already has are divided by it where above 0, and multiplied elsewhere (Keskar 2019); 1: none.',
      ),
    attention: z.boolean().default(false).describe("Whether the attention of each source's first output is wanted."),
    firstSource: z
      .int()
      .min(0)
      .max(0x7fffffff)
      .default(0)
      .describe('Number of the first source, for a list that is sent in parts: draws depend on it.'),
  })
  .superRefine(({ search, nBest }, context) => {
    if (search.kind === 'greedy' && nBest > 1)
      context.addIssue({
        code: 'custom',
        path: ['nBest'],
        message: `a greedy search has one output, not ${nBest}: take search.kind "beam" or "sample"`,
      });
    if (search.kind === 'beam' && nBest > search.width)
      context.addIssue({
        code: 'custom',
        path: ['nBest'],
        message: `a beam of width ${search.width} finds at most ${search.width} outputs, not ${nBest}: widen it`,
      });
  }) satisfies z.ZodType<GenerateOptions>;

export type GenerateOptionsInput = z.input<typeof generateOptionsSchema>;

/** Sources of one request. */
export const mostSources = 256;
/** Characters of a source. */
export const longestSource = 10_000;
/** Sources of one request whose attention is given: a matrix for each. */
export const mostAttention = 16;

/** What a request to generate asks for; the API adds the run. */
export const generateRequestFields = {
  task: z.string().min(1).max(64).describe('Task of the run.'),
  sources: z
    .array(z.string().min(1).max(longestSource))
    .min(1)
    .max(mostSources)
    .describe('Texts to generate from, as the task reads them.'),
  options: generateOptionsSchema.prefault({}).describe('How to generate.'),
} as const;

/** Attention of many sources at once would be larger than a reply may be. */
export function refineAttention(
  { sources, options }: { readonly sources: readonly string[]; readonly options: GenerateOptions },
  context: z.RefinementCtx,
): void {
  if (!options.attention || sources.length <= mostAttention) return;
  context.addIssue({
    code: 'custom',
    path: ['sources'],
    message: `attention is given for at most ${mostAttention} sources at a time, not ${sources.length}: ask for fewer, or without it`,
  });
}

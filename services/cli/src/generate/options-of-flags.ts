import { generateOptionsSchema } from '@tributary/config';
import { type GenerateOptions, TributaryError } from '@tributary/protocol';

/** What the command line says of how to generate. */
export interface GenerateFlags {
  readonly maxLength?: number;
  readonly beam?: number;
  readonly lengthPenalty?: number;
  readonly sample?: boolean;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly nBest?: number;
  readonly repetitionPenalty?: number;
  readonly attention?: string;
}

/** Flags by what they decide, as a fault of the options names it. */
const flagOf: Readonly<Record<string, string>> = {
  'search.width': '--beam',
  'search.lengthPenalty': '--length-penalty',
  'search.temperature': '--temperature',
  'search.topK': '--top-k',
  'search.topP': '--top-p',
  'search.seed': '--seed',
  maxLength: '--max-length',
  nBest: '--n-best',
  repetitionPenalty: '--repetition-penalty',
};

/** @throws TributaryError `SPEC_INVALID` for flags of two searches, or a value out of its range */
export function optionsOfFlags(flags: GenerateFlags): GenerateOptions {
  const { beam: width, lengthPenalty, sample, temperature, topK, topP, seed, attention, ...rest } = flags;
  const { maxLength, nBest, repetitionPenalty } = rest;
  const ofBeam = given({ width, lengthPenalty });
  const ofSample = given({ temperature, topK, topP, seed });
  const samples = sample === true || Object.keys(ofSample).length > 0;
  const beams = Object.keys(ofBeam).length > 0;
  if (beams && samples) {
    const [one] = Object.keys(ofBeam);
    const [other = 'sample'] = Object.keys(ofSample);
    throw new TributaryError(
      'SPEC_INVALID',
      `${flagOf[`search.${one}`]} searches with a beam and ${flagOf[`search.${other}`] ?? '--sample'} by sampling; leave one of the two out.`,
    );
  }
  if (!beams && !samples && (nBest ?? 1) > 1)
    throw new TributaryError(
      'SPEC_INVALID',
      `--n-best ${nBest} needs a search with several outputs; add --beam ${nBest} or --sample.`,
    );
  const parsed = generateOptionsSchema.safeParse({
    search: beams ? { kind: 'beam', ...ofBeam } : samples ? { kind: 'sample', ...ofSample } : { kind: 'greedy' },
    ...given({ maxLength, nBest, repetitionPenalty }),
    attention: attention !== undefined,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new TributaryError('SPEC_INVALID', `${flagOf[path] ?? path}: ${issue === undefined ? '' : worded(issue)}`);
}

function given(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

function worded(issue: {
  readonly code?: string;
  readonly message: string;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: unknown;
}): string {
  if (issue.code === 'too_small')
    return `it must be ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big') return `it must be at most ${issue.maximum}`;
  return issue.message;
}

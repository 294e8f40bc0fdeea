import type { z } from 'zod';
import { asFileData } from './data-files.js';
import type { dataSchema } from './data-schema.js';
import { type TokensSpec, tokenizerId } from './tokens-schema.js';

interface Run {
  readonly tasks: readonly { readonly name: string; readonly data: z.output<typeof dataSchema> }[];
  readonly model: { readonly embedding: { readonly share: 'source' | 'all' } };
  readonly vocabulary: { readonly limit: number };
}

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** A side of a task that is text. */
interface TextSide {
  readonly task: string;
  readonly side: 'source' | 'target';
  readonly path: (string | number)[];
  readonly tokens: TokensSpec;
}

/** Tokenizers that do not fit each other or their data, and where. */
export function tokenizerProblems(run: Run): Problem[] {
  const sides = run.tasks.flatMap(textSides);
  return [
    ...run.tasks.flatMap(vectorProblems),
    ...sides.flatMap((side) => sizeProblems(side, run.vocabulary.limit)),
    ...nameProblems(sides),
    ...sharingProblems(sides, run.model.embedding.share),
  ];
}

/** The words of the dictionary are letters and phones, whose vocabulary is counted. */
function textSides({ name, data }: Run['tasks'][number], index: number): TextSide[] {
  const sides = ['source', 'target'] as const;
  if (data.source === 'words') {
    const text = sides.filter((side) => side === 'source' || data.kind !== 'articulate');
    return text.map((side) => ({ task: name, side, path: ['tasks', index, 'data'], tokens: 'characters' }));
  }
  const { features } = asFileData(data);
  return sides
    .filter((side) => features[side] === undefined)
    .map((side) => ({
      task: name,
      side,
      path: ['tasks', index, 'data', 'tokens', side],
      tokens: data.tokens[side],
    }));
}

function vectorProblems({ data }: Run['tasks'][number], index: number): Problem[] {
  if (data.source !== 'file') return [];
  return (['source', 'target'] as const)
    .filter((side) => data.features[side] !== undefined && typeof data.tokens[side] !== 'string')
    .map((side) => ({
      path: ['tasks', index, 'data', 'tokens', side],
      message: `cuts text, but data.features.${side} says that the ${side} is vectors; leave one of the two out`,
    }));
}

function sizeProblems({ tokens, path }: TextSide, limit: number): Problem[] {
  if (typeof tokens === 'string' || tokens.kind !== 'bpe' || tokens.vocabulary <= limit) return [];
  return [
    {
      path: [...path, 'vocabulary'],
      message: `is ${tokens.vocabulary}, more than vocabulary.limit of ${limit}; take a smaller one, or raise that limit`,
    },
  ];
}

function nameProblems(sides: readonly TextSide[]): Problem[] {
  const first = new Map<string, { readonly task: string; readonly vocabulary: number }>();
  return sides.flatMap(({ task, tokens, path }) => {
    if (typeof tokens === 'string' || tokens.kind !== 'bpe' || tokens.name === undefined) return [];
    const { name, vocabulary } = tokens;
    const known = first.get(name);
    if (known === undefined) first.set(name, { task, vocabulary });
    if (known === undefined || known.vocabulary === vocabulary) return [];
    return [
      {
        path: [...path, 'vocabulary'],
        message: `is ${vocabulary}, but "${name}" has ${known.vocabulary} in task "${known.task}"; sides of one name share one tokenizer: give them one size, or two names`,
      },
    ];
  });
}

function sharingProblems(sides: readonly TextSide[], share: 'source' | 'all'): Problem[] {
  const joint = share === 'all' ? sides : sides.filter(({ side }) => side === 'source');
  const [first, ...others] = joint;
  if (first === undefined) return [];
  const id = tokenizerId(first.tokens, first.task, first.side);
  const because =
    share === 'all'
      ? 'under model.embedding.share: all every source and target has the one joint vocabulary'
      : 'the tasks share one encoder, whose sources have one vocabulary';
  const other = others.find(({ tokens, task, side }) => tokenizerId(tokens, task, side) !== id);
  if (other === undefined) return [];
  return [
    {
      path: other.path,
      message: `gives the ${other.side} another tokenizer than the ${first.side} of task "${first.task}", but ${because}; give all of them the same tokens (kind bpe: the same name)`,
    },
  ];
}

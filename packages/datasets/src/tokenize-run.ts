import { createHash } from 'node:crypto';
import { asFileData, type RunFile, type TaskSpec, type TokensSpec, tokenizerId } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import { type RawSequence, sequenceKey } from './frame-sequence.js';
import { homeSplits, keptSource } from './gather-examples.js';
import { hashedSplit, type SplitName, type SplitShares } from './hashed-split.js';
import type { RawPair, UncutPair } from './raw-pair.js';
import { bytesDocument, openTokenizer, trainedDocument } from './tokenizers/open-tokenizer.js';
import { PieceCounts } from './tokenizers/piece-counts.js';
import type { Tokenizer } from './tokenizers/tokenizer.js';

/** A task with its pairs as they were read. */
export interface ReadTask {
  readonly task: TaskSpec;
  readonly pairs: readonly UncutPair[];
  readonly shares: SplitShares;
}

/** A tokenizer of a run, and its `tokenizer.json`. */
export interface RunTokenizer extends Tokenizer {
  readonly document: Uint8Array;
  readonly sha256: string;
}

export interface TokenizedRun {
  /** By task, in run-file order, with all text cut. */
  readonly pairs: readonly (readonly RawPair[])[];
  /** Null: the side is characters, words or vectors. */
  of(task: TaskSpec, side: Side): RunTokenizer | null;
  /** Where the tokenizers came from, for lineage. */
  readonly sources: Readonly<Record<string, string>>;
}

type Side = 'source' | 'target';
const sides = ['source', 'target'] as const;
type Tokenizers = ReadonlyMap<string, RunTokenizer>;

/** How the text of a task is cut. */
export function tokensOf({ data }: TaskSpec): Readonly<Record<Side, TokensSpec>> {
  if (data.source !== 'words') return data.tokens;
  const phones = 'whitespace';
  const letters = 'characters';
  return {
    source: data.kind === 'spell' ? phones : letters,
    target: data.kind === 'pronounce' || data.kind === 'articulate' ? phones : letters,
  };
}

/** Null: no tokenizer cuts this side. */
function idOf(task: TaskSpec, side: Side): string | null {
  const { data } = task;
  if (data.source === 'words' || asFileData(data).features[side] !== undefined) return null;
  return tokenizerId(data.tokens[side], task.name, side);
}

/**
 * Opens or trains every tokenizer of a run, each once, and cuts the text of its pairs. Training reads the training splits alone, before any
 * pair is shortened.
 * @throws TributaryError `DATA_INVALID`: a file that is no tokenizer, one over the run file's limit, or text in which it finds no symbol
 */
export async function tokenizeRun(
  tasks: readonly ReadTask[],
  spec: RunFile,
  readFile: (path: string) => Promise<Uint8Array>,
): Promise<TokenizedRun> {
  const sources: Record<string, string> = {};
  const given = await givenTokenizers(tasks, spec, readFile, sources);
  const read = tasks.map((task) => ({ ...task, pairs: cutPairs(task, given) }));
  const tokenizers = new Map([...given, ...trainedTokenizers(read, spec, sources)]);
  return {
    pairs: read.map((task) => cutPairs(placePairs(task, spec), tokenizers) as readonly RawPair[]),
    of: (task, side) => tokenizers.get(idOf(task, side) ?? '') ?? null,
    sources,
  };
}

async function givenTokenizers(
  tasks: readonly ReadTask[],
  { vocabulary: { limit } }: RunFile,
  readFile: (path: string) => Promise<Uint8Array>,
  sources: Record<string, string>,
): Promise<Tokenizers> {
  const found = new Map<string, RunTokenizer>();
  for (const { task } of tasks)
    for (const side of sides) {
      const id = idOf(task, side);
      const tokens = tokensOf(task)[side];
      if (id === null || found.has(id)) continue;
      if (tokens === 'bytes') found.set(id, runTokenizer(bytesDocument(), 'The tokenizer of bytes'));
      else if (typeof tokens !== 'string' && tokens.kind === 'file') {
        const tokenizer = runTokenizer(await readFile(tokens.path), tokens.path);
        const size = tokenizer.vocabulary.length;
        if (size > limit)
          throw new TributaryError(
            'DATA_INVALID',
            `${tokens.path} has ${size} symbols (4 special ones included), more than vocabulary.limit of ${limit}: raise vocabulary.limit, or take a smaller tokenizer.`,
          );
        sources[`file:${tokens.path}`] = `sha256:${tokenizer.sha256}`;
        found.set(id, tokenizer);
      }
    }
  return found;
}

function trainedTokenizers(tasks: readonly ReadTask[], spec: RunFile, sources: Record<string, string>): Tokenizers {
  const counts = new Map<string, { readonly pieces: PieceCounts; readonly size: number }>();
  for (const read of tasks) {
    for (const side of sides) {
      const id = idOf(read.task, side);
      const tokens = tokensOf(read.task)[side];
      if (id === null || typeof tokens === 'string' || tokens.kind !== 'bpe') continue;
      const counted = counts.get(id) ?? { pieces: new PieceCounts(), size: tokens.vocabulary };
      counts.set(id, counted);
      for (const pair of trainingPairs(read, spec)) {
        const text = pair[side];
        if (typeof text === 'string') counted.pieces.add(text);
      }
    }
  }
  const trained = new Map<string, RunTokenizer>();
  for (const [id, { pieces, size }] of counts) {
    const tokenizer = runTokenizer(trainedDocument(pieces, size), 'The trained tokenizer');
    sources[`tokenizer:${id.replace(/^name:/, '')}`] =
      `sha256:${tokenizer.sha256} (${tokenizer.vocabulary.length} symbols)`;
    trained.set(id, tokenizer);
  }
  return trained;
}

/** Without those whose source stays in the split of another group. */
function trainingPairs({ pairs, shares }: ReadTask, spec: RunFile): UncutPair[] {
  const placed = pairs.map((pair) => {
    const { source, group = null } = pair;
    const key = typeof source === 'string' ? source : sequenceKey(keptSource(source, spec.lengths));
    return { pair, key, group, split: splitOf(pair, shares, spec) };
  });
  const home = homeSplits(placed);
  return placed
    .filter(({ key, group, split }) => split === 'train' && (group === null || home.get(key)?.split === 'train'))
    .map(({ pair }) => pair);
}

/** Pairs whose source is still text get their split now: cut, its length would decide. */
function placePairs(read: ReadTask, spec: RunFile): ReadTask {
  return {
    ...read,
    pairs: read.pairs.map((pair) =>
      typeof pair.source === 'string' ? { ...pair, split: splitOf(pair, read.shares, spec) } : pair,
    ),
  };
}

/**
 * The split of a pair before a tokenizer for its source exists. Sources that are alike once they are truncated must share a split: a
 * truncated source has as many symbols as are allowed, each of a byte at least, so that those bytes decide.
 */
function splitOf({ source, split, group }: UncutPair, shares: SplitShares, { lengths }: RunFile): SplitName {
  if (split !== null) return split;
  if (typeof group === 'string') return hashedSplit(group, shares);
  if (typeof source !== 'string') return hashedSplit(sequenceKey(keptSource(source, lengths)), shares);
  if (lengths.overlong !== 'truncate') return hashedSplit(source, shares);
  return hashedSplit(Buffer.from(source, 'utf8').subarray(0, lengths.source).toString('latin1'), shares);
}

/** Cuts the sides whose tokenizer is there. */
function cutPairs({ task, pairs }: ReadTask, tokenizers: Tokenizers): readonly UncutPair[] {
  const [source, target] = sides.map((side) => tokenizers.get(idOf(task, side) ?? ''));
  if (source === undefined && target === undefined) return pairs;
  const cut = (pair: UncutPair, side: Side, tokenizer: RunTokenizer | undefined): RawSequence | string => {
    const text = pair[side];
    if (typeof text !== 'string' || tokenizer === undefined) return text;
    const ids = tokenizer.encode(text);
    if (ids.length === 0)
      throw new TributaryError(
        'DATA_INVALID',
        `${pair.origin}: the ${side} has no symbols for its tokenizer: give it other text or drop the line.`,
      );
    return ids;
  };
  return pairs.map((pair) => ({
    ...pair,
    source: cut(pair, 'source', source),
    target: cut(pair, 'target', target),
  }));
}

function runTokenizer(document: Uint8Array, where: string): RunTokenizer {
  const tokenizer = openTokenizer(document, where);
  return {
    vocabulary: tokenizer.vocabulary,
    encode: (text) => tokenizer.encode(text),
    decode: (ids) => tokenizer.decode(ids),
    document,
    sha256: createHash('sha256').update(document).digest('hex'),
  };
}

import { createHash } from 'node:crypto';
import {
  asFileData,
  corpusDocumentPath,
  type FileDataSpec,
  type RunFile,
  type TaskSpec,
  type TokensSpec,
} from '@tributary/config';
import { lanesOf } from '@tributary/planner';
import {
  dataKey,
  type ObjectStore,
  type PreparedRun,
  type PreparedTask,
  type RunId,
  type StoredObject,
  specialIds,
  TributaryError,
} from '@tributary/protocol';
import { corpusOrigin } from './corpus-document.js';
import { requireCandidates } from './distractors.js';
import { decodeSplit, encodeSplit, type SplitSequence } from './encoded-split.js';
import { inspectPairs } from './file-pairs.js';
import { isSymbols, type RawSequence } from './frame-sequence.js';
import { checkGroups, gatherExamples } from './gather-examples.js';
import type { SplitName, SplitShares } from './hashed-split.js';
import { phoneFeatureNames } from './phone-features.js';
import type { RawExample, RawPair, UncutPair } from './raw-pair.js';
import { runVocabularies } from './run-vocabularies.js';
import { joinOf, symbolIds, type TokenSplit, textToSymbols } from './symbols.js';
import { type ReadTask, type RunTokenizer, tokenizeRun, tokensOf } from './tokenize-run.js';
import { loadWords, type Word, wordPairs, wordsSource } from './words.js';

/** Reads a data file by its path in the run file. */
export type ReadDataFile = (path: string) => Promise<Uint8Array>;

/** A run's data, checked and encoded, not yet stored. */
export interface BuiltData {
  readonly sourceVocabulary: readonly string[];
  readonly tasks: Readonly<Record<string, BuiltTask>>;
  readonly sources: Readonly<Record<string, string>>;
}

export interface BuiltTask extends Omit<PreparedTask, 'splits' | 'sourceTokenizer' | 'targetTokenizer'> {
  readonly splits: Readonly<Record<SplitName, BuiltSplit>>;
  readonly sourceTokenizer?: RunTokenizer;
  readonly targetTokenizer?: RunTokenizer;
}

export interface BuiltSplit {
  /** As `decodeSplit` reads it. */
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly examples: number;
}

/**
 * Reads, checks, splits and encodes all data of a run, and stores nothing: what `prepareRun` does, usable for validation.
 * Vocabularies and tokenizers come from the training splits alone; one source vocabulary serves all tasks. With `model.embedding.share: all`
 * every vocabulary is the joint one of all sources and targets.
 * @throws TributaryError `DATA_INVALID` for anything wrong with the data.
 */
export async function buildData(spec: RunFile, readFile: ReadDataFile): Promise<BuiltData> {
  const sources: Record<string, string> = {};
  let words: Word[] | null = null;
  const read: ReadTask[] = [];
  for (const task of spec.tasks) {
    const { data } = task;
    let pairs: UncutPair[];
    let shares: SplitShares = spec.splits;
    if (data.source === 'words') {
      if (words === null) {
        words = await loadWords();
        const { name, version } = await wordsSource();
        sources[name] = version;
      }
      pairs = wordPairs(words, data.kind, shares);
    } else {
      const file = asFileData(data);
      shares = {
        validation: file.validation === undefined ? shares.validation : 0,
        test: file.test === undefined ? shares.test : 0,
      };
      pairs = await filePairs(file, readFile, sources, putsOutUnit(task));
      if (data.source === 'corpus')
        sources[`corpus:${data.corpus}`] = corpusOrigin(await readFile(corpusDocumentPath(data.corpus)), data, sources);
    }
    read.push({ task, pairs, shares });
  }
  const tokenized = await tokenizeRun(read, spec, readFile);
  Object.assign(sources, tokenized.sources);
  const gathered = read.map(({ task, shares }, index) => {
    const pairs = tokenized.pairs[index] as readonly RawPair[];
    const fromFile = task.data.source === 'file';
    return { task, data: gatherExamples({ task: task.name, pairs, lengths: spec.lengths, shares, fromFile }) };
  });
  checkGroups(gathered);
  const vocabularies = runVocabularies(spec, gathered, tokenized);
  const tasks: Record<string, BuiltTask> = {};
  for (const [index, { task, data }] of gathered.entries()) {
    const targetVocabulary = vocabularies.targets[index] as readonly string[];
    const widths = featureWidths(task);
    if (task.head.kind === 'features' && task.head.size !== widths.target)
      throw new TributaryError(
        'DATA_INVALID',
        `Task "${task.name}": its head puts out ${task.head.size} numbers, but its targets have ${widths.target}; set head.size to ${widths.target}.`,
      );
    const encode = splitEncoder(vocabularies.source, targetVocabulary, widths);
    const source = textFields(tokensOf(task).source, tokenized.of(task, 'source'));
    const target = textFields(tokensOf(task).target, tokenized.of(task, 'target'));
    const heldOut = { validation: encode(data.splits.validation), test: encode(data.splits.test) };
    if (task.metrics.includes('hits_at_1'))
      for (const [name, { bytes }] of Object.entries(heldOut))
        requireCandidates(decodeSplit(bytes), `the ${name} split of task "${task.name}"`);
    tasks[task.name] = {
      targetVocabulary,
      ...(widths.source === undefined ? {} : { sourceFeatures: widths.source }),
      ...(widths.target === undefined ? {} : { targetFeatures: widths.target }),
      splits: { train: encode(data.splits.train), ...heldOut },
      meanTokens: meanTokens(data.splits.train),
      overlong: data.overlong,
      sourceJoin: source.join,
      targetJoin: target.join,
      sourceSplit: source.split,
      targetSplit: target.split,
      ...(source.tokenizer === null ? {} : { sourceTokenizer: source.tokenizer }),
      ...(target.tokenizer === null ? {} : { targetTokenizer: target.tokenizer }),
    };
  }
  return { sourceVocabulary: vocabularies.source, tasks, sources };
}

function textFields(tokens: TokensSpec, tokenizer: RunTokenizer | null) {
  if (tokenizer !== null) return { split: 'tokenizer', join: '', tokenizer } as const;
  // Vectors have no text: what the run file says of it is not used.
  const split: TokenSplit = tokens === 'characters' ? tokens : 'whitespace';
  return { split, join: joinOf(split), tokenizer };
}

/** Of a pair: every target of an example counts with its source. */
function meanTokens(examples: readonly RawExample[]): number {
  let tokens = 0;
  let pairs = 0;
  for (const { source, targets } of examples)
    for (const target of targets) {
      tokens += source.length + target.length;
      pairs += 1;
    }
  return tokens / pairs;
}

export interface PrepareRunOptions {
  readonly run: RunId;
  readonly spec: RunFile;
  /** Path in the run file → object key of the uploaded bytes. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Builds a run's data and writes its splits to the object store under their SHA-256. Equal run file and data give
 * byte-identical objects, so doing it again changes nothing.
 * @throws TributaryError `DATA_INVALID` as `buildData`, `OBJECT_NOT_FOUND` if uploaded bytes are gone.
 */
export async function prepareRun(
  options: PrepareRunOptions,
  deps: { readonly objects: ObjectStore },
): Promise<PreparedRun> {
  const { run, spec, files } = options;
  const built = await buildData(spec, async (path) => {
    const key = Object.hasOwn(files, path) ? files[path] : undefined;
    if (key === undefined)
      throw new TributaryError(
        'DATA_INVALID',
        `The data file ${path} was not uploaded: check its path in the run file.`,
      );
    return deps.objects.get(key);
  });
  const store = async (bytes: Uint8Array, sha256: string): Promise<StoredObject> => {
    const key = dataKey(sha256);
    if (!(await deps.objects.has(key))) await deps.objects.put(key, bytes);
    return { key, sha256 };
  };
  const storeSplit = async ({ bytes, sha256, examples }: BuiltSplit) => ({
    ...(await store(bytes, sha256)),
    examples,
  });
  const tasks: Record<string, PreparedTask> = {};
  for (const [name, { sourceTokenizer: source, targetTokenizer: target, ...task }] of Object.entries(built.tasks)) {
    const { train, validation, test } = task.splits;
    tasks[name] = {
      ...task,
      splits: {
        train: await storeSplit(train),
        validation: await storeSplit(validation),
        test: await storeSplit(test),
      },
      ...(source === undefined ? {} : { sourceTokenizer: await store(source.document, source.sha256) }),
      ...(target === undefined ? {} : { targetTokenizer: await store(target.document, target.sha256) }),
    };
  }
  return {
    format: 'tributary-prepared/1',
    run,
    spec,
    lanes: lanesOf(spec),
    sourceVocabulary: built.sourceVocabulary,
    tasks,
    sources: built.sources,
  };
}

/** The symbols of text, or the text where a tokenizer is to cut it. */
function symbolsOrText(text: string, tokens: TokensSpec): readonly string[] | string {
  return tokens === 'characters' || tokens === 'whitespace' ? textToSymbols(text, tokens) : text;
}

/** Whether a task's outputs can only lie in 0 to 1. */
function putsOutUnit({ head }: TaskSpec): boolean {
  return head.kind === 'features' && (head.activation === 'sigmoid' || head.activation === 'softmax');
}

async function filePairs(
  data: FileDataSpec,
  read: ReadDataFile,
  sources: Record<string, string>,
  unitTargets: boolean,
): Promise<UncutPair[]> {
  const { tokens } = data;
  const pairs: UncutPair[] = [];
  const parts = [
    { path: data.path, split: data.validation !== undefined && data.test !== undefined ? 'train' : null },
    { path: data.validation, split: 'validation' },
    { path: data.test, split: 'test' },
  ] as const;
  for (const { path, split } of parts) {
    if (path === undefined) continue;
    const bytes = await read(path);
    sources[`file:${path}`] = `sha256:${sha256Of(bytes)}`;
    for (const { source, target, group, line } of inspectPairs(bytes, data, path, { unitTargets }).pairs)
      pairs.push({
        source: typeof source === 'string' ? symbolsOrText(source, tokens.source) : source,
        target: typeof target === 'string' ? symbolsOrText(target, tokens.target) : target,
        origin: `${path} line ${line}`,
        split,
        group,
      });
  }
  return pairs;
}

function splitEncoder(
  source: readonly string[],
  target: readonly string[],
  widths: FeatureWidths,
): (examples: readonly RawExample[]) => BuiltSplit {
  const sourceIds = symbolIds(source);
  const targetIds = symbolIds(target);
  const encode = (ids: ReadonlyMap<string, number>, sequence: RawSequence): SplitSequence =>
    isSymbols(sequence) ? sequence.map((symbol) => ids.get(symbol) ?? specialIds.unknown) : sequence;
  return (examples) => {
    const bytes = encodeSplit({
      sourceVocabulary: source.length,
      targetVocabulary: target.length,
      ...(widths.source === undefined ? {} : { sourceWidth: widths.source }),
      ...(widths.target === undefined ? {} : { targetWidth: widths.target }),
      examples: examples.map((example) => ({
        source: encode(sourceIds, example.source),
        targets: example.targets.map((symbols) => encode(targetIds, symbols)),
      })),
    });
    return { bytes, sha256: sha256Of(bytes), examples: examples.length };
  };
}

interface FeatureWidths {
  readonly source?: number | undefined;
  readonly target?: number | undefined;
}

/** Numbers in the vectors of a task's continuous sides. */
function featureWidths({ data }: TaskSpec): FeatureWidths {
  if (data.source !== 'words') return asFileData(data).features;
  return data.kind === 'articulate' ? { target: phoneFeatureNames.length } : {};
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

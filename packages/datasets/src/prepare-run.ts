import { createHash } from 'node:crypto';
import { asFileData, corpusDocumentPath, type FileDataSpec, type RunFile, type TaskSpec } from '@tributary/config';
import { lanesOf } from '@tributary/planner';
import {
  dataKey,
  type ObjectStore,
  type PreparedRun,
  type PreparedTask,
  type RunId,
  specialIds,
  TributaryError,
} from '@tributary/protocol';
import { corpusOrigin } from './corpus-document.js';
import { requireCandidates } from './distractors.js';
import { decodeSplit, encodeSplit, type SplitSequence } from './encoded-split.js';
import { inspectPairs } from './file-pairs.js';
import { isFrames, type RawSequence } from './frame-sequence.js';
import { checkGroups, type GatheredTask, gatherExamples } from './gather-examples.js';
import type { SplitName, SplitShares } from './hashed-split.js';
import { phoneFeatureNames } from './phone-features.js';
import type { RawExample, RawPair } from './raw-pair.js';
import { joinOf, symbolIds, type TokenSplit, textToSymbols } from './symbols.js';
import { buildVocabulary, countSymbols, type SymbolCounts } from './vocabulary.js';
import { loadWords, type Word, wordPairs, wordsSource } from './words.js';

/** Reads a data file by its path in the run file. */
export type ReadDataFile = (path: string) => Promise<Uint8Array>;

/** A run's data, checked and encoded, not yet stored. */
export interface BuiltData {
  readonly sourceVocabulary: readonly string[];
  readonly tasks: Readonly<
    Record<string, Omit<PreparedTask, 'splits'> & { readonly splits: Readonly<Record<SplitName, BuiltSplit>> }>
  >;
  readonly sources: Readonly<Record<string, string>>;
}

export interface BuiltSplit {
  /** As `decodeSplit` reads it. */
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly examples: number;
}

/**
 * Reads, checks, splits and encodes all data of a run, and stores nothing: what `prepareRun` does, usable for validation.
 * Vocabularies come from the training splits alone; one source vocabulary serves all tasks. With `model.embedding.share: all`
 * every vocabulary is the joint one of all sources and targets.
 * @throws TributaryError `DATA_INVALID` for anything wrong with the data.
 */
export async function buildData(spec: RunFile, read: ReadDataFile): Promise<BuiltData> {
  const sources: Record<string, string> = {};
  let words: Word[] | null = null;
  const gathered: { readonly task: TaskSpec; readonly data: GatheredTask }[] = [];
  for (const task of spec.tasks) {
    const { data } = task;
    let pairs: RawPair[];
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
      pairs = await filePairs(file, read, sources, putsOutUnit(task));
      if (data.source === 'corpus')
        sources[`corpus:${data.corpus}`] = corpusOrigin(await read(corpusDocumentPath(data.corpus)), data, sources);
    }
    const fromFile = data.source === 'file';
    gathered.push({ task, data: gatherExamples({ task: task.name, pairs, lengths: spec.lengths, shares, fromFile }) });
  }
  checkGroups(gathered);
  const vocabularies = runVocabularies(spec, gathered);
  const tasks: Record<string, BuiltData['tasks'][string]> = {};
  for (const [index, { task, data }] of gathered.entries()) {
    const targetVocabulary = vocabularies.targets[index] as readonly string[];
    const widths = featureWidths(task);
    if (task.head.kind === 'features' && task.head.size !== widths.target)
      throw new TributaryError(
        'DATA_INVALID',
        `Task "${task.name}": its head puts out ${task.head.size} numbers, but its targets have ${widths.target}; set head.size to ${widths.target}.`,
      );
    const encode = splitEncoder(vocabularies.source, targetVocabulary, widths);
    const { source: sourceSplit, target: targetSplit } = taskTokens(task);
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
      sourceJoin: joinOf(sourceSplit),
      targetJoin: joinOf(targetSplit),
      sourceSplit,
      targetSplit,
    };
  }
  return { sourceVocabulary: vocabularies.source, tasks, sources };
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
  const tasks: Record<string, PreparedTask> = {};
  for (const [name, task] of Object.entries(built.tasks)) {
    const store = async ({ bytes, sha256, examples }: BuiltSplit): Promise<PreparedTask['splits'][SplitName]> => {
      const key = dataKey(sha256);
      if (!(await deps.objects.has(key))) await deps.objects.put(key, bytes);
      return { key, sha256, examples };
    };
    const { train, validation, test } = task.splits;
    tasks[name] = {
      ...task,
      splits: { train: await store(train), validation: await store(validation), test: await store(test) },
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

/** Whether a task's outputs can only lie in 0 to 1. */
function putsOutUnit({ head }: TaskSpec): boolean {
  return head.kind === 'features' && (head.activation === 'sigmoid' || head.activation === 'softmax');
}

async function filePairs(
  data: FileDataSpec,
  read: ReadDataFile,
  sources: Record<string, string>,
  unitTargets: boolean,
): Promise<RawPair[]> {
  const pairs: RawPair[] = [];
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
        source: typeof source === 'string' ? textToSymbols(source, data.tokens.source) : source,
        target: typeof target === 'string' ? textToSymbols(target, data.tokens.target) : target,
        origin: `${path} line ${line}`,
        split,
        group,
      });
  }
  return pairs;
}

interface RunVocabularies {
  readonly source: readonly string[];
  /** By task, in run-file order. */
  readonly targets: readonly (readonly string[])[];
}

function runVocabularies(
  spec: RunFile,
  gathered: readonly { readonly task: TaskSpec; readonly data: GatheredTask }[],
): RunVocabularies {
  const { limit } = spec.vocabulary;
  const joint: SymbolCounts = new Map();
  const perTask = gathered.map(({ task, data }) => {
    const source: SymbolCounts = new Map();
    const target: SymbolCounts = new Map();
    for (const example of data.splits.train) {
      // Once a pair, as training sees it.
      for (const symbols of example.targets) {
        if (!isFrames(example.source)) countSymbols(source, example.source);
        if (!isFrames(symbols)) countSymbols(target, symbols);
      }
    }
    buildVocabulary(source, limit, `The source vocabulary of task "${task.name}"`);
    return { name: task.name, source, target };
  });
  const names = perTask.map(({ name }) => `"${name}"`).join(', ');
  const add = (counts: SymbolCounts): void => {
    for (const [symbol, count] of counts) joint.set(symbol, (joint.get(symbol) ?? 0) + count);
  };
  for (const { source } of perTask) add(source);
  if (spec.model.embedding.share === 'all') {
    for (const { target } of perTask) add(target);
    const all = buildVocabulary(joint, limit, `The joint vocabulary of tasks ${names} (model.embedding.share: all)`);
    return { source: all, targets: perTask.map(() => all) };
  }
  return {
    source: buildVocabulary(joint, limit, `The source vocabulary that tasks ${names} share`),
    targets: perTask.map(({ name, target }) =>
      buildVocabulary(target, limit, `The target vocabulary of task "${name}"`),
    ),
  };
}

function splitEncoder(
  source: readonly string[],
  target: readonly string[],
  widths: FeatureWidths,
): (examples: readonly RawExample[]) => BuiltSplit {
  const sourceIds = symbolIds(source);
  const targetIds = symbolIds(target);
  const encode = (ids: ReadonlyMap<string, number>, sequence: RawSequence): SplitSequence =>
    isFrames(sequence) ? sequence : sequence.map((symbol) => ids.get(symbol) ?? specialIds.unknown);
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

/** How the text of a task is cut. */
function taskTokens(task: TaskSpec): { readonly source: TokenSplit; readonly target: TokenSplit } {
  if (task.data.source !== 'words') return task.data.tokens;
  const phones = 'whitespace';
  const letters = 'characters';
  return {
    source: task.data.kind === 'spell' ? phones : letters,
    target: task.data.kind === 'pronounce' || task.data.kind === 'articulate' ? phones : letters,
  };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

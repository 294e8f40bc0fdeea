import type { RunFile } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import { cutSequence, isFrames, type RawSequence, sequenceKey } from './frame-sequence.js';
import { hashedSplit, type SplitName, type SplitShares, splitNames } from './hashed-split.js';
import type { RawExample, RawPair } from './raw-pair.js';

/** A task's examples by split, and how many of its pairs were longer than the run file allows. */
export interface GatheredTask {
  readonly splits: Readonly<Record<SplitName, readonly RawExample[]>>;
  readonly overlong: Readonly<Record<SplitName, number>>;
  /** The split of every group of its pairs. */
  readonly groups: ReadonlyMap<string, SplitName>;
}

export interface GatherOptions {
  readonly task: string;
  readonly pairs: readonly RawPair[];
  readonly lengths: RunFile['lengths'];
  readonly shares: SplitShares;
  /** Whether the user can name files for the held-out splits: the remedy of an empty one. */
  readonly fromFile: boolean;
}

/**
 * Splits a task's pairs and joins those of one source into one example with several references; equal pairs count once.
 * Truncation comes before the split by source, so equal (truncated) sources of hashed pairs always share a split. A source that
 * groups of several splits share stays in the split of the first of them by name, and is left out of the others.
 * @throws TributaryError `DATA_INVALID` for an over-long pair under `refuse`, for a split without examples, and for a group that the
 *   user's own files put into two splits.
 */
export function gatherExamples(options: GatherOptions): GatheredTask {
  const { task, pairs, lengths, shares } = options;
  const bySource = { train: new Map(), validation: new Map(), test: new Map() } as Record<
    SplitName,
    Map<string, Gathering>
  >;
  const overlong = { train: 0, validation: 0, test: 0 };
  const long = pairs.filter((pair) => isLong(pair, lengths));
  if (lengths.overlong === 'refuse' && long.length > 0) throw refusal(task, long[0] as RawPair, long.length, lengths);
  const placed = pairs.map((pair) => {
    const tooLong = isLong(pair, lengths);
    const source = keptSource(pair.source, lengths);
    const target = tooLong && lengths.overlong === 'truncate' ? cutSequence(pair.target, lengths.target) : pair.target;
    const key = sequenceKey(source);
    const group = pair.group ?? null;
    return { key, source, target, tooLong, group, split: pair.split ?? hashedSplit(group ?? key, shares) };
  });
  const groups = groupSplits(task, placed);
  const home = homeSplits(placed);
  for (const { key, source, target, tooLong, group, split } of placed) {
    if (group !== null && home.get(key)?.split !== split) continue;
    if (tooLong) {
      overlong[split] += 1;
      if (lengths.overlong === 'skip') continue;
    }
    const example = bySource[split].get(key);
    if (example === undefined) bySource[split].set(key, { source, targets: [target], keys: null });
    else addTarget(example, target);
  }
  for (const name of splitNames) if (bySource[name].size === 0) throw emptySplit(options, name, overlong);
  const list = (name: SplitName): RawExample[] => [...bySource[name].values()];
  return { splits: { train: list('train'), validation: list('validation'), test: list('test') }, overlong, groups };
}

/** By source that belongs to groups: the first of these by name, and its split, where alone the source stays. */
export function homeSplits(
  placed: readonly { readonly key: string; readonly group: string | null; readonly split: SplitName }[],
): ReadonlyMap<string, { readonly group: string; readonly split: SplitName }> {
  const first = new Map<string, { readonly group: string; readonly split: SplitName }>();
  for (const { key, group, split } of placed) {
    if (group === null) continue;
    const known = first.get(key);
    if (known === undefined || group < known.group) first.set(key, { group, split });
  }
  return first;
}

function groupSplits(
  task: string,
  placed: readonly { readonly group: string | null; readonly split: SplitName }[],
): Map<string, SplitName> {
  const groups = new Map<string, SplitName>();
  for (const { group, split } of placed) {
    if (group === null) continue;
    const other = groups.get(group) ?? split;
    if (other !== split) throw groupInTwoSplits(group, [`${other} of task "${task}"`, `${split} of it`]);
    groups.set(group, split);
  }
  return groups;
}

/**
 * Makes sure that no group lies in two splits over all tasks: one task would train on what another is measured by.
 * @throws TributaryError `DATA_INVALID`
 */
export function checkGroups(
  tasks: readonly { readonly task: { readonly name: string }; readonly data: GatheredTask }[],
): void {
  const first = new Map<string, { readonly split: SplitName; readonly task: string }>();
  for (const { task, data } of tasks)
    for (const [group, split] of data.groups) {
      const known = first.get(group);
      if (known === undefined) first.set(group, { split, task: task.name });
      else if (known.split !== split)
        throw groupInTwoSplits(group, [`${known.split} of task "${known.task}"`, `${split} of task "${task.name}"`]);
    }
}

function groupInTwoSplits(group: string, [one, other]: readonly [string, string]): TributaryError {
  return new TributaryError(
    'DATA_INVALID',
    `The group ${JSON.stringify(group)} lies in ${one} and in ${other}, so held-out data would be trained on: put all its pairs into one file, or leave data.validation and data.test out, which splits by group.`,
  );
}

/** What is left of a source, which decides its split. */
export function keptSource(source: RawSequence, { overlong, source: longest }: RunFile['lengths']): RawSequence {
  return overlong === 'truncate' ? cutSequence(source, longest) : source;
}

interface Gathering extends RawExample {
  /** Keys of the targets, once there are several. */
  keys: Set<string> | null;
}

function addTarget(example: Gathering, target: RawSequence): void {
  example.keys ??= new Set(example.targets.map(sequenceKey));
  const key = sequenceKey(target);
  if (example.keys.has(key)) return;
  example.keys.add(key);
  example.targets.push(target);
}

function isLong(pair: RawPair, lengths: RunFile['lengths']): boolean {
  return pair.source.length > lengths.source || pair.target.length > lengths.target;
}

function refusal(task: string, first: RawPair, count: number, lengths: RunFile['lengths']): TributaryError {
  const side = first.source.length > lengths.source ? 'source' : 'target';
  return new TributaryError(
    'DATA_INVALID',
    `Task "${task}": ${first.origin} has a ${side} of ${first[side].length} ${isFrames(first[side]) ? 'vectors' : 'symbols'}, more than lengths.${side} of ${lengths[side]}; ${count} ${count === 1 ? 'pair is' : 'pairs are'} too long: raise lengths.${side}, or set lengths.overlong to truncate or skip.`,
  );
}

function emptySplit(options: GatherOptions, name: SplitName, overlong: Record<SplitName, number>): TributaryError {
  const { task, pairs, shares, fromFile } = options;
  const total = `the ${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'} of task "${task}"`;
  if (overlong[name] > 0 && options.lengths.overlong === 'skip')
    return new TributaryError(
      'DATA_INVALID',
      `No ${name} examples are left of ${total}: ${overlong[name]} were skipped as too long; raise lengths.source and lengths.target.`,
    );
  const remedy =
    name === 'train'
      ? 'lower splits.validation and splits.test, or add data'
      : fromFile
        ? `raise splits.${name} (now ${shares[name]}), add data, or name a file of pairs as data.${name}`
        : `raise splits.${name} (now ${shares[name]})`;
  return new TributaryError(
    'DATA_INVALID',
    `No ${name} examples are left of ${total} by the shares of the run file: ${remedy}.`,
  );
}

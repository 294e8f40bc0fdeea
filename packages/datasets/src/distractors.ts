import { TributaryError } from '@tributary/protocol';
import { randomStream, shuffle } from '@tributary/random';
import type { EncodedSplit } from './encoded-split.js';

/** Candidates of an example in Hits@k: its own target and 19 others, as in ConvAI2. */
export const candidateCount = 20;

/**
 * Chooses the targets that stand against an example's own: of other examples of the split (their first references), all different from
 * each other and from its own references. They follow from the data alone, whatever the run's seed, so that runs on the same data
 * rank the same candidates.
 * @returns pairs of the split for an example, its own first reference first
 */
export function candidatesOf(split: EncodedSplit): (example: number) => number[] {
  const order = Int32Array.from({ length: split.length }, (_, example) => example);
  shuffle(order, randomStream(0, 'distractors'));
  const keys = firstTargets(split);
  return (example) => {
    const taken = new Set(split.example(example).targets.map(targetKey));
    const pairs = [split.firstPair[example] as number];
    const start = randomStream(0, 'distractors', example).below(order.length);
    for (let i = 0; i < order.length && pairs.length < candidateCount; i++) {
      const other = order[(start + i) % order.length] as number;
      const key = keys[other] as string;
      if (taken.has(key)) continue;
      taken.add(key);
      pairs.push(split.firstPair[other] as number);
    }
    return pairs;
  };
}

/**
 * Refuses a split in which some example could find too few candidates.
 * @param what names it in errors: `the validation split of task "x"`
 * @throws TributaryError `DATA_INVALID`
 */
export function requireCandidates(split: EncodedSplit, what: string): void {
  const different = new Set(firstTargets(split)).size;
  let most = 0;
  for (let example = 0; example < split.length; example++)
    most = Math.max(most, (split.firstPair[example + 1] as number) - (split.firstPair[example] as number));
  const needed = candidateCount - 1 + most;
  if (different < needed)
    throw new TributaryError(
      'DATA_INVALID',
      `Metric hits_at_1 ranks each target among ${candidateCount}, so ${what} needs ${needed} different targets, and has ${different}: give it more data, or leave hits_at_1 out of the task's metrics.`,
    );
}

const targetKey = (ids: Int32Array): string => ids.join(' ');

/** Of each example. */
function firstTargets(split: EncodedSplit): string[] {
  return Array.from({ length: split.length }, (_, example) =>
    targetKey(split.target(split.firstPair[example] as number)),
  );
}

import { gatherExamples, type SplitName, type SplitShares } from '@tributary/datasets';
import type { CorpusPair } from '../corpus-pair.js';
import { wordsOf } from '../words.js';

/** A source and everything that is said of it. */
export interface HeldOutExample {
  readonly source: string;
  readonly references: readonly string[];
}

/**
 * Splits pairs just as a run with these shares does that leaves no pair out as too long; the order is that of the pairs.
 * @throws TributaryError `DATA_INVALID` for a split without examples
 */
export function splitPairs(
  pairs: readonly CorpusPair[],
  shares: SplitShares,
): Readonly<Record<SplitName, readonly HeldOutExample[]>> {
  const unlimited = Number.POSITIVE_INFINITY;
  const { splits } = gatherExamples({
    task: 'floors',
    pairs: pairs.map(({ source, target, group }, index) => ({
      source: wordsOf(source),
      target: wordsOf(target),
      origin: `pair ${index + 1}`,
      split: null,
      group,
    })),
    lengths: { source: unlimited, target: unlimited, overlong: 'refuse', buckets: 1 },
    shares,
    fromFile: false,
  });
  const texts = (name: SplitName): HeldOutExample[] =>
    splits[name].map(({ source, targets }) => ({ source: textOf(source), references: targets.map(textOf) }));
  return { train: texts('train'), validation: texts('validation'), test: texts('test') };
}

function textOf(sequence: unknown): string {
  return (sequence as readonly string[]).join(' ');
}

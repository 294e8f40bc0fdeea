import { checkedCorpus } from './checked-corpus.js';
import { type Counts, overlap, wordCounts } from './counts.js';
import { words13a } from './words-13a.js';

const orders = [1, 2, 3, 4] as const;

/**
 * Corpus BLEU (Papineni et al. 2002) as sacrebleu 2.6 computes it by default: tokenizer 13a, case kept, 1 to 4 words, smoothing `exp`
 * (NIST's: the k-th order without a match counts as 2⁻ᵏ matches), the reference nearest in length for the brevity penalty. Signature
 * `case:mixed|eff:no|tok:13a|smooth:exp`. A corpus in which no output has four words scores 0, be it right or wrong: that is BLEU.
 *
 * @param hypotheses one detokenised text an example
 * @param references at least one detokenised text for each example
 * @returns 0 to 100; NaN without examples
 * @throws RangeError when the two do not match, or an example has no reference
 */
export function corpusBleu(hypotheses: readonly string[], references: readonly (readonly string[])[]): number {
  const corpus = checkedCorpus(hypotheses, references);
  if (corpus.length === 0) return Number.NaN;
  const matches = orders.map(() => 0);
  const totals = orders.map(() => 0);
  let length = 0;
  let referenceLength = 0;
  for (const example of corpus) {
    const words = words13a(example.hypothesis);
    const candidates = example.references.map(words13a);
    length += words.length;
    referenceLength += nearestLength(
      words.length,
      candidates.map((candidate) => candidate.length),
    );
    for (const [index, order] of orders.entries()) {
      totals[index] = (totals[index] as number) + Math.max(0, words.length - order + 1);
      const known = mostOf(candidates.map((candidate) => wordCounts(candidate, order)));
      matches[index] = (matches[index] as number) + overlap(wordCounts(words, order), known);
    }
  }
  return 100 * brevityPenalty(length, referenceLength) * meanPrecision(matches, totals);
}

/** The length with the least distance; of two equally near, the shorter. */
function nearestLength(length: number, lengths: readonly number[]): number {
  return lengths.reduce((nearest, candidate) => {
    const difference = Math.abs(candidate - length) - Math.abs(nearest - length);
    return difference < 0 || (difference === 0 && candidate < nearest) ? candidate : nearest;
  });
}

/** Each n-gram as often as it stands in the reference that has it most often. */
function mostOf(references: readonly Counts[]): Counts {
  const [first, ...rest] = references as readonly [Counts, ...Counts[]];
  if (rest.length === 0) return first;
  const most = new Map(first);
  for (const counts of rest) for (const [gram, count] of counts) most.set(gram, Math.max(count, most.get(gram) ?? 0));
  return most;
}

function brevityPenalty(length: number, referenceLength: number): number {
  if (length === 0) return 0;
  return length < referenceLength ? Math.exp(1 - referenceLength / length) : 1;
}

/** The geometric mean over the orders, 0 to 1. */
function meanPrecision(matches: readonly number[], totals: readonly number[]): number {
  if (matches.every((count) => count === 0) || totals.some((count) => count === 0)) return 0;
  let share = 1;
  const logs = orders.map((_, index) => {
    const count = matches[index] as number;
    if (count === 0) share /= 2;
    return Math.log((count === 0 ? share : count) / (totals[index] as number));
  });
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / orders.length);
}

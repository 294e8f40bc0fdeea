import { checkedCorpus } from './checked-corpus.js';
import { overlap, wordCounts } from './counts.js';

/** Words, pairs of words, and the longest common subsequence of words. */
export type RougeKind = 'rouge1' | 'rouge2' | 'rougeL';

/**
 * Mean F1 of ROUGE (Lin 2004) as Google's rouge-score 0.1.2 computes it without stemming: lowercased, words of a to z and 0 to 9 alone, so
 * that other scripts and letters with accents count for nothing; `rougeL` of the whole text, not sentence by sentence. Of several
 * references the one with the best F1 for its output counts. The mean is plain, not that library's resampled one.
 *
 * @param hypotheses one detokenised text an example
 * @param references at least one detokenised text for each example
 * @returns 0 to 1, as that library; NaN without examples
 * @throws RangeError when the two do not match, or an example has no reference
 */
export function rouge(
  kind: RougeKind,
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
): number {
  const score = kind === 'rougeL' ? subsequenceScore : gramScore(kind === 'rouge1' ? 1 : 2);
  const corpus = checkedCorpus(hypotheses, references);
  let sum = 0;
  for (const example of corpus) {
    const words = asciiWords(example.hypothesis);
    sum += Math.max(...example.references.map((reference) => score(asciiWords(reference), words)));
  }
  return sum / corpus.length;
}

type Score = (reference: readonly string[], hypothesis: readonly string[]) => number;

function asciiWords(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

const gramScore =
  (order: number): Score =>
  (reference, hypothesis) =>
    f1(
      overlap(wordCounts(reference, order), wordCounts(hypothesis, order)),
      hypothesis.length - order + 1,
      reference.length - order + 1,
    );

const subsequenceScore: Score = (reference, hypothesis) =>
  f1(commonSubsequence(reference, hypothesis), hypothesis.length, reference.length);

function f1(matches: number, ofHypothesis: number, ofReference: number): number {
  if (matches === 0) return 0;
  const precision = matches / ofHypothesis;
  const recall = matches / ofReference;
  return (2 * precision * recall) / (precision + recall);
}

/** Length of the longest common subsequence. */
function commonSubsequence(one: readonly string[], other: readonly string[]): number {
  let before = new Uint32Array(other.length + 1);
  let row = new Uint32Array(other.length + 1);
  for (const word of one) {
    for (let j = 1; j <= other.length; j++)
      row[j] =
        word === other[j - 1] ? (before[j - 1] as number) + 1 : Math.max(before[j] as number, row[j - 1] as number);
    [before, row] = [row, before];
  }
  return before[other.length] as number;
}

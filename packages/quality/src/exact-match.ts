import { checkedCorpus } from './checked-corpus.js';

/**
 * Share of outputs that equal one of their references, character by character: nothing is lowercased, trimmed or normalised.
 *
 * @param hypotheses one detokenised text an example
 * @param references at least one detokenised text for each example
 * @returns 0 to 1; NaN without examples
 * @throws RangeError when the two do not match, or an example has no reference
 */
export function exactMatch(hypotheses: readonly string[], references: readonly (readonly string[])[]): number {
  const corpus = checkedCorpus(hypotheses, references);
  const right = corpus.filter(({ hypothesis, references: candidates }) => candidates.includes(hypothesis));
  return right.length / corpus.length;
}

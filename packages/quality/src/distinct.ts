import { wordCounts } from './counts.js';
import { words13a } from './words-13a.js';

/**
 * distinct-n (Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models"): different n-grams of all outputs
 * together, by the number of their words, so that length is no merit. Words are those of {@link words13a}, case kept; n-grams do not reach
 * from one output into the next. It falls with the number of outputs: compare at equal numbers alone.
 *
 * @param order n
 * @param hypotheses one detokenised text an example
 * @returns 0 to 1; NaN where no output has a word
 */
export function distinct(order: 1 | 2, hypotheses: readonly string[]): number {
  const seen = new Set<string>();
  let words = 0;
  for (const hypothesis of hypotheses) {
    const ofText = words13a(hypothesis);
    words += ofText.length;
    for (const gram of wordCounts(ofText, order).keys()) seen.add(gram);
  }
  return seen.size / words;
}

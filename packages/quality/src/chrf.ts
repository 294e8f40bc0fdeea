import { checkedCorpus } from './checked-corpus.js';
import { type Counts, overlap, total } from './counts.js';
import { withoutSpace } from './python-space.js';

const orders = [1, 2, 3, 4, 5, 6] as const;
/** Squared weight of recall beside precision: that of chrF2. */
const recallFactor = 4;

/** n-grams of one order: of the outputs, of the references, and in both. */
interface Matches {
  readonly hypothesis: number;
  readonly reference: number;
  readonly both: number;
}

/**
 * Corpus chrF2 (Popović 2015, 2016) as sacrebleu 2.6 computes it by default: 1 to 6 characters without white space, no words, β = 2, case
 * kept, precision and recall averaged over the orders that both sides have. Of several references the one with the best score for its
 * output counts. Signature `case:mixed|eff:yes|nc:6|nw:0|space:no`. Characters are code points.
 *
 * @param hypotheses one detokenised text an example
 * @param references at least one detokenised text for each example
 * @returns 0 to 100; NaN without examples
 * @throws RangeError when the two do not match, or an example has no reference
 */
export function corpusChrf2(hypotheses: readonly string[], references: readonly (readonly string[])[]): number {
  const corpus = checkedCorpus(hypotheses, references);
  if (corpus.length === 0) return Number.NaN;
  let sums: readonly Matches[] = orders.map(() => ({ hypothesis: 0, reference: 0, both: 0 }));
  for (const example of corpus) {
    const output = characterCounts(example.hypothesis);
    let best: { readonly score: number; readonly matches: readonly Matches[] } | null = null;
    for (const reference of example.references) {
      const matches = matchesOf(output, characterCounts(reference));
      const score = fScore(matches);
      if (best === null || score > best.score) best = { score, matches };
    }
    if (best !== null) sums = added(sums, best.matches);
  }
  return 100 * fScore(sums);
}

/** Counts of each order. */
function characterCounts(text: string): Counts[] {
  const characters = Array.from(withoutSpace(text));
  return orders.map((order) => {
    const counts = new Map<string, number>();
    for (let end = order; end <= characters.length; end++) {
      const gram = characters.slice(end - order, end).join('');
      counts.set(gram, (counts.get(gram) ?? 0) + 1);
    }
    return counts;
  });
}

/** Of each order. An output's n-grams do not count against it where the reference is too short to have any. */
function matchesOf(output: readonly Counts[], reference: readonly Counts[]): Matches[] {
  return output.map((counts, index) => {
    const known = reference[index] as Counts;
    return { hypothesis: known.size === 0 ? 0 : total(counts), reference: total(known), both: overlap(counts, known) };
  });
}

function added(sums: readonly Matches[], more: readonly Matches[]): Matches[] {
  return sums.map((sum, index) => {
    const next = more[index] as Matches;
    return {
      hypothesis: sum.hypothesis + next.hypothesis,
      reference: sum.reference + next.reference,
      both: sum.both + next.both,
    };
  });
}

/** 0 to 1 */
function fScore(matches: readonly Matches[]): number {
  const known = matches.filter(({ hypothesis, reference }) => hypothesis > 0 && reference > 0);
  const mean = (share: (of: Matches) => number): number =>
    known.reduce((sum, of) => sum + share(of), 0) / Math.max(1, known.length);
  const precision = mean(({ both, hypothesis }) => both / hypothesis);
  const recall = mean(({ both, reference }) => both / reference);
  if (precision + recall === 0) return 0;
  return ((1 + recallFactor) * precision * recall) / (recallFactor * precision + recall);
}

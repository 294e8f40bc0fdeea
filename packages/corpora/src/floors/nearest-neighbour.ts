/** A training pair's two texts. */
interface TextPair {
  readonly source: string;
  readonly target: string;
}

/**
 * Answers with the target of the nearest training source: the one of the highest cosine between tf-idf vectors (term counts times
 * ln(N / document frequency), Salton and Buckley 1988) over lower-cased runs of letters and digits. Of equally near ones the
 * first; of a text that shares no word with any, the target of the first pair.
 */
export function nearestNeighbour(train: readonly TextPair[]): (text: string) => string {
  const index = new TermIndex(train.map(({ source }) => source));
  return (text) => train[index.nearest(text)]?.target ?? '';
}

class TermIndex {
  /** Of each term: documents and the term's share of their vectors of length 1. */
  readonly #postings = new Map<string, { readonly document: number; weight: number }[]>();
  readonly #documents: number;

  constructor(documents: readonly string[]) {
    this.#documents = documents.length;
    documents.forEach((text, document) => {
      for (const [term, count] of termCounts(text)) {
        const posting = { document, weight: count };
        const known = this.#postings.get(term);
        if (known === undefined) this.#postings.set(term, [posting]);
        else known.push(posting);
      }
    });
    const squares = new Float64Array(documents.length);
    for (const postings of this.#postings.values()) {
      const rarity = this.#rarity(postings.length);
      for (const posting of postings) {
        posting.weight *= rarity;
        squares[posting.document] = (squares[posting.document] as number) + posting.weight ** 2;
      }
    }
    for (const postings of this.#postings.values())
      for (const posting of postings) posting.weight /= Math.sqrt(squares[posting.document] as number) || 1;
  }

  /** The number of the nearest document; 0 where none shares a term. */
  nearest(text: string): number {
    const scores = new Float64Array(this.#documents);
    for (const [term, count] of termCounts(text)) {
      const postings = this.#postings.get(term) ?? [];
      const weight = count * this.#rarity(postings.length);
      for (const posting of postings)
        scores[posting.document] = (scores[posting.document] as number) + weight * posting.weight;
    }
    let best = 0;
    scores.forEach((score, document) => {
      if (score > (scores[best] as number)) best = document;
    });
    return best;
  }

  #rarity(documents: number): number {
    return documents === 0 ? 0 : Math.log(this.#documents / documents);
  }
}

function termCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

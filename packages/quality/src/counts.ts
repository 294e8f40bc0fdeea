/** How often each n-gram stands in a text. */
export type Counts = ReadonlyMap<string, number>;

/** Counts of the n-grams of tokens that hold no space themselves. @param order n */
export function wordCounts(tokens: readonly string[], order: number): Counts {
  const counts = new Map<string, number>();
  for (let end = order; end <= tokens.length; end++) {
    const gram = tokens.slice(end - order, end).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** n-grams of one side that the other has too, each as often as it stands in the one that has it less often. */
export function overlap(one: Counts, other: Counts): number {
  let matches = 0;
  for (const [gram, count] of one) matches += Math.min(count, other.get(gram) ?? 0);
  return matches;
}

/** All n-grams, repeated ones as often as they stand. */
export function total(counts: Counts): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

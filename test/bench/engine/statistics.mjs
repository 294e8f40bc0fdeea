export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of all steps, and the span of the rounds' own medians: how far another round may lie from it. */
export function summary(rounds) {
  const medians = rounds.map(median);
  return { ms: median(rounds.flat()), lowest: Math.min(...medians), highest: Math.max(...medians) };
}

/** Ratios of two contestants round by round, which ran one after the other: noise that both met falls out. */
export function pairedRatios(rounds, ownRounds) {
  const ratios = rounds.map((round, index) => median(round) / median(ownRounds[index]));
  return { ratio: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) };
}

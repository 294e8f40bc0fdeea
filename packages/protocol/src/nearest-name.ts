import { closest, distance } from 'fastest-levenshtein';

/** A name without the differences of spelling conventions. */
export const plainName = (text: string): string => text.toLowerCase().replace(/[-_]/g, '');

const letters = (text: string) => [...text].sort().join('');

/** The candidate that a misspelt word most likely means, or undefined when none is near. */
export function nearestName(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0 || word.length > 64) return undefined;
  const same = candidates.find((candidate) => plainName(candidate) === plainName(word));
  if (same !== undefined) return same;
  const best = closest(word, [...candidates]);
  const edits = distance(word, best);
  if (edits <= Math.max(1, Math.floor(Math.max(word.length, best.length) * 0.4))) return best;
  // Two letters swapped are two edits, which is much for a short word.
  return edits === 2 && letters(word) === letters(best) ? best : undefined;
}

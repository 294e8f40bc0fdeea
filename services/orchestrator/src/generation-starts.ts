import type { GenerationStart } from '@tributary/protocol';

/** How many the document keeps: more than generations of which an agent could still hold a snapshot. */
const kept = 200;

/** A run's generations by where they began, oldest first: what its document and its rows know together. */
export function mergeStarts(...lists: readonly (readonly GenerationStart[])[]): GenerationStart[] {
  const byGeneration = new Map(
    lists.flat().map(({ generation, resumeStep }) => [generation, { generation, resumeStep }] as const),
  );
  return [...byGeneration.values()].sort((a, b) => a.generation - b.generation);
}

/** What the document carries on. */
export function newestStarts(starts: readonly GenerationStart[]): GenerationStart[] {
  return starts.slice(-kept);
}

/**
 * The oldest generation whose later ones are all known: work of an older one may be fenced off by one that is not.
 * Generations are numbered from 1, and numbers are never left out.
 */
export function oldestKnown(starts: readonly GenerationStart[]): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (const { generation } of starts.toReversed()) {
    if (oldest !== Number.POSITIVE_INFINITY && generation !== oldest - 1) break;
    oldest = generation;
  }
  return oldest;
}

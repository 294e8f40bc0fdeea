/** What retention needs to know of a checkpoint. */
export interface KeepableCheckpoint {
  /** Steps done. */
  readonly step: number;
  /** What `best` compares; null or left out: not measured at this step. */
  readonly value?: number | null;
}

/** Which checkpoints of a run stay; one rule is enough. */
export interface RetentionPolicy {
  /** The newest, by step; always one. */
  readonly keep: number;
  /** Those whose step is a multiple. */
  readonly keepEvery?: number | null;
  /** Those with the lowest or highest values; of equal ones the newer. */
  readonly best?: { readonly mode: 'min' | 'max'; readonly keep: number } | null;
}

/** Which checkpoints of a run to delete. @returns oldest first */
export function checkpointsToDelete<C extends KeepableCheckpoint>(
  checkpoints: readonly C[],
  { keep, keepEvery = null, best = null }: RetentionPolicy,
): C[] {
  const newestFirst = [...checkpoints].sort((a, b) => b.step - a.step);
  const kept = new Set(newestFirst.slice(0, Math.max(1, keep)));
  if (keepEvery !== null) for (const each of newestFirst) if (each.step % keepEvery === 0) kept.add(each);
  if (best !== null) {
    const sign = best.mode === 'min' ? 1 : -1;
    const measured = newestFirst.filter(({ value }) => typeof value === 'number' && Number.isFinite(value));
    // Stable: of equal values the newer comes first.
    measured.sort((a, b) => sign * ((a.value as number) - (b.value as number)));
    for (const each of measured.slice(0, best.keep)) kept.add(each);
  }
  return newestFirst.filter((each) => !kept.has(each)).reverse();
}

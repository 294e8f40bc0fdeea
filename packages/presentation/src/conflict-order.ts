import type { PairConflictsDocument } from '@tributary/protocol';

/** Pairs of tasks, those in conflict in most steps first; then by mean cosine. */
export function mostConflictingFirst(pairs: readonly PairConflictsDocument[]): readonly PairConflictsDocument[] {
  const shareOf = ({ conflictShare }: PairConflictsDocument) => conflictShare ?? -1;
  const cosineOf = ({ meanCosine }: PairConflictsDocument) => meanCosine ?? 2;
  return pairs.toSorted((a, b) => shareOf(b) - shareOf(a) || cosineOf(a) - cosineOf(b));
}

/** `-0.123`; empty where there is none. */
export function formatCosine(cosine: number | null): string {
  if (cosine === null) return '';
  const text = cosine.toFixed(3);
  return text === '-0.000' ? '0.000' : text;
}

/** A counter whose truth is another server's: it takes over what that one counts, also when that one begins anew. */
export function replaceCounts<L extends string>(
  counter: { reset(): void; inc(labels: Partial<Record<L, string | number>>, value: number): void },
  counts: readonly (readonly [Partial<Record<L, string>>, number])[],
): void {
  counter.reset();
  for (const [labels, count] of counts) counter.inc(labels, count);
}

/** Where a generation of a run began. */
export interface GenerationStart {
  readonly generation: number;
  /** Steps done before it. */
  readonly resumeStep: number;
}

/**
 * The last step of a generation that counts: later generations, of any attempt, began there or before, so what it did beyond
 * belongs to nobody. A trainer that was stopped and wakes up after its lanes moved is fenced by it. Infinity for the newest
 * generation, and for one newer than all that are given.
 */
export function fenceStep(generation: number, generations: readonly GenerationStart[]): number {
  return generations.reduce(
    (fence, later) => (later.generation > generation ? Math.min(fence, later.resumeStep) : fence),
    Number.POSITIVE_INFINITY,
  );
}

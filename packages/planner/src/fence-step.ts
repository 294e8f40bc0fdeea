/** Where a generation began, as far as the fence needs it. */
export interface FencedGeneration {
  readonly generation: number;
  /** Steps already done where it starts. */
  readonly resumeStep: number;
}

/**
 * The last step at which the work of a generation counts: where the earliest of all later generations began. What it did
 * beyond is theirs to do, whatever a trainer of it that wakes up late still says. Infinity for the newest.
 */
export function fenceStep(generation: number, generations: readonly FencedGeneration[]): number {
  return generations
    .filter((other) => other.generation > generation)
    .reduce((fence, { resumeStep }) => Math.min(fence, resumeStep), Number.POSITIVE_INFINITY);
}

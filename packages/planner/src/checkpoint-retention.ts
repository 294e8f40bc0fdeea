/** What retention needs to know of a checkpoint. */
export interface KeepableCheckpoint {
  /** Steps done. */
  readonly step: number;
}

/**
 * Which checkpoints of a run to delete so that the `keep` newest (highest steps) remain; the newest always does.
 * @returns oldest first
 */
export function checkpointsToDelete<C extends KeepableCheckpoint>(checkpoints: readonly C[], keep: number): C[] {
  const newestFirst = [...checkpoints].sort((a, b) => b.step - a.step);
  return newestFirst.slice(Math.max(1, keep)).reverse();
}

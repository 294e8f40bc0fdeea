import type { SnapshotPart, WorkerId } from '@tributary/protocol';

/** How a member's snapshots get to its agent's folder, and where a generation finds those that it begins with. */
export interface SnapshotPort {
  /** The agent's folder of snapshots: it outlives the trainer. */
  readonly folder: { write(part: SnapshotPart, bytes: Uint8Array): Promise<void> };
  /**
   * One part, from the local folder or else from its holders in turn.
   * @throws TributaryError `SNAPSHOT_LOST` where nobody has it
   */
  fetch(part: SnapshotPart, holders: readonly WorkerId[], signal: AbortSignal): Promise<Uint8Array>;
  /** These files are written. Resolves when the buddy holds what it should, or cannot. */
  written(step: number, parts: readonly SnapshotPart[]): Promise<void>;
}

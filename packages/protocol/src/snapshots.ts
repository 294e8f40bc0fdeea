import type { RunId, WorkerId } from './ids.js';

/** Which part of which snapshot. A generation's snapshots are its own: the same step done again makes another, equal one. */
export interface SnapshotRef {
  readonly run: RunId;
  readonly generation: number;
  /** Steps done. */
  readonly step: number;
  /** `shared`, `task-<name>` or `lane-<index>`, as in a checkpoint. */
  readonly part: string;
}

/** One safetensors file of a snapshot, held by an agent. Its metadata may carry records that the lane's trainer had not yet brought to JetStream. */
export interface SnapshotPart extends SnapshotRef {
  readonly sizeBytes: number;
  /** Of the file. */
  readonly sha256: string;
  /** Of the state, as in a checkpoint part. */
  readonly stateHash: string;
}

/** What one agent holds of a run: its own trainer's parts and those that it keeps for others. */
export interface SnapshotInventory {
  readonly worker: WorkerId;
  readonly parts: readonly SnapshotPart[];
}

/** Where a new generation finds a snapshot. */
export interface SnapshotSource {
  /** The generation that made it. */
  readonly generation: number;
  /** Every part that the run has, with the workers that hold it. */
  readonly parts: readonly (Omit<SnapshotPart, 'run' | 'generation' | 'step'> & {
    readonly holders: readonly WorkerId[];
  })[];
}

/** Requests that every agent answers on `NatsNames.snapshots(worker)`. */
export type SnapshotRequest =
  | { readonly kind: 'inventory'; readonly run: RunId }
  /** Answered with the bytes themselves. */
  | { readonly kind: 'read'; readonly ref: SnapshotRef; readonly offset: number; readonly length: number }
  /** Asks a holder to look at a part that a reader found damaged, and to drop it if it is; answered once done. */
  | { readonly kind: 'check'; readonly ref: SnapshotRef }
  /** Asks a buddy to fetch these parts and keep them; answered once it holds them. */
  | { readonly kind: 'copy'; readonly from: WorkerId; readonly parts: readonly SnapshotPart[] };

import type { RunId } from './ids.js';

/** One safetensors file of a checkpoint: `shared`, `task-<name>` or `lane-<index>` (its cursor). Parts never depend on placement. */
export interface CheckpointPart {
  readonly run: RunId;
  readonly attempt: number;
  readonly generation: number;
  /** Steps done. */
  readonly step: number;
  /** `shared`, `task-<name>` or `lane-<index>`. */
  readonly part: string;
  /** All part names of this checkpoint in canonical order; it is whole when each has arrived. */
  readonly parts: readonly string[];
  /** Key in the checkpoint store. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** SHA-256 over this part's state in canonical order, independent of the file's encoding. */
  readonly stateHash: string;
}

/** The manifest, stored beside the parts and in Postgres; a checkpoint exists once its row is committed. */
export interface CheckpointManifest {
  readonly format: 'tributary-checkpoint/1';
  readonly run: RunId;
  readonly attempt: number;
  readonly step: number;
  /** SHA-256 over the parts' state hashes in canonical order: equal iff all parameters, moments and cursors are equal. */
  readonly stateHash: string;
  readonly parts: readonly {
    readonly part: string;
    readonly key: string;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly stateHash: string;
  }[];
}

/** Key of a checkpoint's manifest in the checkpoint store. */
export function checkpointKey(run: string, step: number): string {
  return `checkpoints/${run}/${String(step).padStart(9, '0')}/manifest.json`;
}

/** Key of a checkpoint part. The attempt and generation keep a fenced writer from overwriting a newer part. */
export function checkpointPartKey(run: string, step: number, generation: number, part: string): string {
  return `checkpoints/${run}/${String(step).padStart(9, '0')}/g${generation}-${part}.safetensors`;
}

/** The text whose SHA-256 is a checkpoint's state hash: name, NUL, state hash and newline of each part, in canonical order. */
export function checkpointStateText(parts: readonly { readonly part: string; readonly stateHash: string }[]): string {
  return parts.map(({ part, stateHash }) => `${part}\u0000${stateHash}\n`).join('');
}

import { newestIntact } from '@tributary/checkpoints';
import { checkpointKey, type ObjectStore, type ResumePoint, type SnapshotSource } from '@tributary/protocol';

export interface FoundResumePoint {
  readonly resume: ResumePoint;
  /** Newer checkpoints that were passed over, and why. */
  readonly damaged: readonly { readonly key: string; readonly reason: string }[];
}

export interface ResumeSources {
  /** The newest snapshot that is whole; null for none. */
  readonly snapshot: { readonly step: number; readonly source: SnapshotSource } | null;
  /** Steps of the committed checkpoints, newest first. */
  readonly checkpoints: readonly number[];
}

/**
 * The newest step that can be had: a snapshot, unless a committed checkpoint whose manifest and parts are whole is newer; else
 * step 0. A checkpoint is read only where it would be used.
 */
export async function findResumePoint(
  objects: ObjectStore,
  run: string,
  { snapshot, checkpoints }: ResumeSources,
): Promise<FoundResumePoint> {
  const newer = checkpoints.filter((step) => step > (snapshot?.step ?? 0));
  const { checkpoint, skipped } = await newestIntact(
    objects,
    newer.map((step) => checkpointKey(run, step)),
  );
  if (checkpoint !== null) {
    const { step } = checkpoint.manifest;
    return { resume: { step, checkpointKey: checkpointKey(run, step) }, damaged: skipped };
  }
  if (snapshot === null) return { resume: { step: 0, checkpointKey: null }, damaged: skipped };
  return { resume: { step: snapshot.step, checkpointKey: null, snapshot: snapshot.source }, damaged: skipped };
}

import { newestIntact } from '@tributary/checkpoints';
import { checkpointKey, type ObjectStore, type ResumePoint } from '@tributary/protocol';
import { type Db, listCheckpoints } from '@tributary/run-store';

export interface FoundResumePoint {
  readonly resume: ResumePoint;
  /** Newer checkpoints that were passed over, and why. */
  readonly damaged: readonly { readonly key: string; readonly reason: string }[];
}

/** The newest committed checkpoint whose manifest and parts are whole, else step 0. */
export async function findResumePoint(db: Db, objects: ObjectStore, run: string): Promise<FoundResumePoint> {
  const keys = (await listCheckpoints(db, run)).map(({ step }) => checkpointKey(run, step));
  const { checkpoint, skipped } = await newestIntact(objects, keys);
  if (checkpoint === null) return { resume: { step: 0, checkpointKey: null }, damaged: skipped };
  const { step } = checkpoint.manifest;
  return { resume: { step, checkpointKey: checkpointKey(run, step) }, damaged: skipped };
}

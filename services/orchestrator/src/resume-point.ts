import { createHash } from 'node:crypto';
import {
  type CheckpointManifest,
  checkpointKey,
  type ObjectStore,
  type ResumePoint,
  TributaryError,
} from '@tributary/protocol';
import { type Db, listCheckpoints } from '@tributary/run-store';

export interface FoundResumePoint {
  readonly resume: ResumePoint;
  /** Newer checkpoints that were passed over, and why. */
  readonly damaged: readonly { readonly step: number; readonly reason: string }[];
}

/** The newest committed checkpoint whose manifest and parts are whole, else step 0. */
export async function findResumePoint(db: Db, objects: ObjectStore, run: string): Promise<FoundResumePoint> {
  const damaged: { step: number; reason: string }[] = [];
  for (const { step, manifest } of await listCheckpoints(db, run)) {
    const reason = await damageOf(manifest, objects);
    if (reason === null) return { resume: { step, checkpointKey: checkpointKey(run, step) }, damaged };
    damaged.push({ step, reason });
  }
  return { resume: { step: 0, checkpointKey: null }, damaged };
}

/** What is wrong with a stored checkpoint; null where it is whole. */
async function damageOf(manifest: CheckpointManifest, objects: ObjectStore): Promise<string | null> {
  const key = checkpointKey(manifest.run, manifest.step);
  const stored = await getIfThere(objects, key);
  if (stored === null) return `${key} is missing`;
  let stateHash: unknown;
  try {
    ({ stateHash } = JSON.parse(Buffer.from(stored).toString()) as CheckpointManifest);
  } catch {
    return `${key} is not JSON`;
  }
  if (stateHash !== manifest.stateHash) return `${key} is not the manifest that was committed`;
  for (const part of manifest.parts) {
    const bytes = await getIfThere(objects, part.key);
    if (bytes === null) return `${part.key} is missing`;
    if (bytes.byteLength !== part.sizeBytes) return `${part.key} has ${bytes.byteLength} of ${part.sizeBytes} bytes`;
    if (createHash('sha256').update(bytes).digest('hex') !== part.sha256) return `${part.key} has another SHA-256`;
  }
  return null;
}

async function getIfThere(objects: ObjectStore, key: string): Promise<Uint8Array | null> {
  try {
    return await objects.get(key);
  } catch (error) {
    if (error instanceof TributaryError && (error.code === 'OBJECT_NOT_FOUND' || error.code === 'CHECKPOINT_CORRUPT'))
      return null;
    throw error;
  }
}

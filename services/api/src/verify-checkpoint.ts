import { decodeManifest, readPart } from '@tributary/checkpoints';
import {
  type CheckpointManifest,
  type CheckpointVerificationDocument,
  checkpointKey,
  type ObjectStore,
  TributaryError,
} from '@tributary/protocol';
import { listCheckpoints, requireRun } from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';

/**
 * Reads every file of a checkpoint, one after another, and compares size, SHA-256 and state with what was committed.
 * @throws TributaryError `RUN_NOT_FOUND`, `CHECKPOINT_NOT_FOUND`; damage is no error
 */
export async function verifyCheckpoint(
  run: string,
  step: number,
  { db, objects }: Pick<ApiDeps, 'db' | 'objects'>,
): Promise<CheckpointVerificationDocument> {
  await requireRun(db, run);
  const checkpoints = await listCheckpoints(db, run);
  const found = checkpoints.find((each) => each.step === step);
  if (found === undefined)
    throw new TributaryError(
      'CHECKPOINT_NOT_FOUND',
      `Run ${run} has no checkpoint of step ${step}; it has ${
        checkpoints.length === 0
          ? 'none yet'
          : `those of ${checkpoints
              .map((each) => each.step)
              .reverse()
              .join(', ')}`
      }.`,
    );
  const { manifest, stateHash } = found;
  const files: CheckpointVerificationDocument['files'][number][] = [await verifyManifest(objects, run, manifest)];
  for (const reference of manifest.parts) {
    const { part, key, sizeBytes } = reference;
    const problem = await problemOf(async () => void (await readPart(objects, reference)));
    files.push({ name: part, key, sizeBytes, problem });
  }
  return { run, step, stateHash, intact: files.every(({ problem }) => problem === null), files };
}

async function verifyManifest(objects: ObjectStore, run: string, committed: CheckpointManifest) {
  const key = checkpointKey(run, committed.step);
  let sizeBytes = 0;
  const problem = await problemOf(async () => {
    const bytes = await objects.get(key);
    sizeBytes = bytes.length;
    const stored = decodeManifest(bytes, `Checkpoint manifest ${key}`);
    if (stored.stateHash !== committed.stateHash)
      throw new TributaryError('CHECKPOINT_CORRUPT', `Checkpoint manifest ${key} is not the one that was committed.`);
  });
  return { name: 'manifest', key, sizeBytes, problem };
}

/** What is wrong, in a sentence; a store that fails is not the checkpoint's fault and throws. */
async function problemOf(read: () => Promise<void>): Promise<string | null> {
  try {
    await read();
    return null;
  } catch (error) {
    if (error instanceof TributaryError && ['CHECKPOINT_CORRUPT', 'OBJECT_NOT_FOUND'].includes(error.code))
      return error.message;
    throw error;
  }
}

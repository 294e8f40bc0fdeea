import { createHash } from 'node:crypto';
import { encodePart, readPart, writeManifest } from '@tributary/checkpoints';
import {
  type CheckpointManifest,
  checkpointPartKey,
  checkpointStateText,
  type ObjectStore,
  type RunId,
} from '@tributary/protocol';

export interface CopyOptions {
  readonly run: RunId;
  /** Leaves out what the parent's combiner has learned. */
  readonly withoutCombiner: boolean;
}

/**
 * Copies a checkpoint's files, each verified, to another run, as parts of its generation 0. What was written of a copy that
 * fails is deleted again.
 * @throws TributaryError `CHECKPOINT_CORRUPT` naming the part
 */
export async function copyCheckpoint(
  objects: ObjectStore,
  source: CheckpointManifest,
  { run, withoutCombiner }: CopyOptions,
): Promise<CheckpointManifest> {
  const { format, step } = source;
  const parts: CheckpointManifest['parts'][number][] = [];
  try {
    for (const reference of source.parts) {
      const { part } = reference;
      const { tensors } = await readPart(objects, reference);
      const kept = Object.entries(tensors).filter(([name]) => !(withoutCombiner && name.startsWith('combiner/')));
      // The metadata of the parent's file speaks of the parent; it is no state.
      const metadata = { run, step: String(step), format };
      const { bytes, ...described } = encodePart({ tensors: Object.fromEntries(kept), metadata });
      const key = checkpointPartKey(run, step, 0, part);
      parts.push({ part, key, ...described });
      await objects.put(key, bytes);
    }
    const stateHash = createHash('sha256').update(checkpointStateText(parts)).digest('hex');
    const manifest: CheckpointManifest = { format, run, attempt: 0, step, stateHash, parts };
    await writeManifest(objects, manifest);
    return manifest;
  } catch (error) {
    for (const { key } of parts) await objects.delete(key).catch(() => undefined);
    throw error;
  }
}

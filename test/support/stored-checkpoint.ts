import { createHash } from 'node:crypto';
import { encodePart, writeManifest } from '@tributary/checkpoints';
import { type CheckpointManifest, checkpointPartKey, checkpointStateText, type RunId } from '@tributary/protocol';
import { adoptCheckpoint } from '@tributary/run-store';
import type { ApiInstallation } from './api-installation.js';

/** Gives a run a real, committed checkpoint of three parts, with a combiner's state in it. */
export async function storeCheckpoint(
  { db, objects }: Pick<ApiInstallation, 'db' | 'objects'>,
  run: RunId,
  step: number,
): Promise<CheckpointManifest> {
  const vector = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
  const tensors = {
    shared: { 'parameter/a': vector(step, 2, 3), 'combiner/all/seen': { shape: [1], data: Float64Array.of(1) } },
    'task-spell': { 'parameter/b': vector(4, step) },
    'lane-0': { cursor: { shape: [2], data: Int32Array.of(0, step) } },
  };
  const parts = await Promise.all(
    Object.entries(tensors).map(async ([part, each]) => {
      const { bytes, ...described } = encodePart({ tensors: each, metadata: { run } });
      const key = checkpointPartKey(run, step, 1, part);
      await objects.put(key, bytes);
      return { part, key, ...described };
    }),
  );
  const stateHash = createHash('sha256').update(checkpointStateText(parts)).digest('hex');
  const manifest: CheckpointManifest = { format: 'tributary-checkpoint/1', run, attempt: 1, step, stateHash, parts };
  await writeManifest(objects, manifest);
  await adoptCheckpoint(db, manifest);
  return manifest;
}

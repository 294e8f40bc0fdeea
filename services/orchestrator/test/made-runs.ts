import { createHash } from 'node:crypto';
import { encodePart, writeManifest } from '@tributary/checkpoints';
import { type RunFileInput, runFileSchema } from '@tributary/config';
import { checkpointPartKey, dataKey, type ObjectStore, type RunId } from '@tributary/protocol';
import { addCheckpointPart, commitCheckpoint, createRun, type RunDatabase } from '@tributary/run-store';

const pairs = Array.from({ length: 200 }, (_, i) => JSON.stringify({ source: `a b ${i}`, target: `b a ${i % 7}` }));

export interface MadeRun {
  readonly tasks?: number;
  readonly workers?: { readonly min: number; readonly max: number; readonly grace?: string };
  readonly steps?: number;
  readonly data?: string;
}

/** Records a run and its data, and starts nothing. */
export async function makeRun(db: RunDatabase, objects: ObjectStore, run: RunId, options: MadeRun): Promise<void> {
  const { tasks = 2, workers = { min: 1, max: 8 }, steps = 20 } = options;
  const bytes = new TextEncoder().encode(options.data ?? pairs.join('\n'));
  const key = dataKey(createHash('sha256').update(bytes).digest('hex'));
  await objects.put(key, bytes);
  const file: RunFileInput = {
    experiment: 'made',
    tasks: Array.from({ length: tasks }, (_, i) => ({
      name: `t${i}`,
      data: { source: 'file', format: 'jsonl', path: 'pairs.jsonl' },
    })),
    splits: { validation: 0.1, test: 0.1 },
    workers,
    budget: { steps },
  };
  const spec = runFileSchema.parse(file);
  await createRun(db, { run, experiment: 'made', spec, files: { 'pairs.jsonl': key } });
}

export function madePartKey(run: RunId, step: number): string {
  return checkpointPartKey(run, step, 1, 'shared');
}

/** A checkpoint as a trainer and the recorder make one. */
export async function makeCheckpoint(db: RunDatabase, objects: ObjectStore, run: RunId, step: number): Promise<void> {
  const { bytes, ...encoded } = encodePart({
    tensors: { w: { shape: [1], data: Float32Array.of(step) } },
    metadata: {},
  });
  const key = madePartKey(run, step);
  await objects.put(key, bytes);
  const part = { part: 'shared', key, ...encoded };
  const manifest = await addCheckpointPart(db, { run, attempt: 1, generation: 1, step, parts: ['shared'], ...part });
  if (manifest === null) throw new Error('the checkpoint is not whole');
  await writeManifest(objects, manifest);
  await commitCheckpoint(db, manifest);
}

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directoryStore, encodePart, loadCheckpoint } from '@tributary/checkpoints';
import {
  type CheckpointManifest,
  checkpointKey,
  checkpointStateText,
  type RunId,
  TributaryError,
} from '@tributary/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyCheckpoint } from './copy-checkpoint.js';

const run = 'copy-aaaaaaaa' as RunId;
let folder: string;
let source: CheckpointManifest;
const store = () => directoryStore(folder);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  const parts: CheckpointManifest['parts'][number][] = [];
  for (const part of ['shared', 'task-spell', 'lane-0']) {
    const tensors = { a: { shape: [2], data: Float32Array.of(1, part.length) } };
    const { bytes, ...described } = encodePart({ tensors, metadata: { run: 'parent', records: '[]' } });
    const key = `checkpoints/parent/000000040/g3-${part}.safetensors`;
    await store().put(key, bytes);
    parts.push({ part, key, ...described });
  }
  const stateHash = createHash('sha256').update(checkpointStateText(parts)).digest('hex');
  source = { format: 'tributary-checkpoint/1', run: 'parent' as RunId, attempt: 2, step: 40, stateHash, parts };
});
afterAll(() => rm(folder, { recursive: true }));

it('is whole, of the same state, and says nothing of the parent', async () => {
  const manifest = await copyCheckpoint(store(), source, { run, withoutCombiner: false });
  expect(manifest).toMatchObject({ run, attempt: 0, step: 40, stateHash: source.stateHash });
  const copy = await loadCheckpoint(store(), checkpointKey(run, 40));
  await copy.verify();
  expect((await copy.content('lane-0')).metadata).toEqual({ run, step: '40', format: 'tributary-checkpoint/1' });
});

it.each([1, 2, 3, 4])('leaves no object where writing fails at the %s. of its files', async (failsAt) => {
  const before = await store().list('');
  let puts = 0;
  const failing = {
    ...store(),
    put: async (key: string, bytes: Uint8Array) => {
      puts += 1;
      if (puts === failsAt) throw new TributaryError('SERVER_FAILED', 'The disk is full.');
      await store().put(key, bytes);
    },
  };
  const other = 'copy-bbbbbbbb' as RunId;
  await expect(copyCheckpoint(failing, source, { run: other, withoutCombiner: false })).rejects.toThrow('disk');
  expect(puts).toBe(failsAt);
  expect(await store().list('')).toEqual(before);
});

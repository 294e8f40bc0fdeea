import { createHash } from 'node:crypto';
import { runFileSchema } from '@tributary/config';
import { type CheckpointPart, checkpointPartKey, checkpointStateText, type RunId } from '@tributary/protocol';
import { beforeEach, expect, it } from 'vitest';
import {
  addCheckpointPart,
  adoptCheckpoint,
  commitCheckpoint,
  createRun,
  deleteCheckpoint,
  deletedCheckpoints,
  forgetCheckpoints,
  listCheckpoints,
  requireRun,
  unneededParts,
} from './index.js';
import { testDatabase } from './test-database.fixture.js';

const spec = runFileSchema.parse({
  experiment: 'checkpoints',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 1 },
});

const { db } = await testDatabase();
let run: RunId;
let serial = 0;

beforeEach(async () => {
  serial += 1;
  run = `checkpoints-${serial}` as RunId;
  await createRun(db, { run, experiment: 'checkpoints', spec, files: {} });
});

const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const partNames = ['shared', 'task-spell'];
const part = (step: number, name: string, generation = 1): CheckpointPart => ({
  run,
  attempt: 1,
  generation,
  step,
  part: name,
  parts: partNames,
  key: checkpointPartKey(run, step, generation, name),
  sizeBytes: 100,
  sha256: sha(`${step} ${name}`),
  stateHash: sha(`state ${step} ${name}`),
});

async function commitAt(step: number, generation = 1): Promise<boolean> {
  let committed = false;
  for (const name of partNames) {
    const manifest = await addCheckpointPart(db, part(step, name, generation));
    if (manifest) committed = await commitCheckpoint(db, manifest);
  }
  return committed;
}

it('is whole when each of its parts has arrived, in any order', async () => {
  expect(await addCheckpointPart(db, part(10, 'task-spell'))).toBeNull();
  expect(await addCheckpointPart(db, part(10, 'task-spell'))).toBeNull();
  const manifest = await addCheckpointPart(db, part(10, 'shared'));
  expect(manifest?.parts.map((one) => one.part)).toEqual(partNames);
  if (!manifest) throw new Error('not whole');
  expect(manifest.stateHash).toBe(sha(checkpointStateText(manifest.parts)));
  // Until it is committed, a repeated part tells the manifest again.
  expect(await addCheckpointPart(db, part(10, 'shared'))).toEqual(manifest);
  expect(await commitCheckpoint(db, manifest)).toBe(true);
  expect(await commitCheckpoint(db, manifest)).toBe(false);
  expect(await addCheckpointPart(db, part(10, 'shared'))).toBeNull();
  expect(await listCheckpoints(db, run)).toMatchObject([
    { step: 10, sizeBytes: 200, stateHash: manifest.stateHash, manifest },
  ]);
  expect(await requireRun(db, run)).toMatchObject({ stateHash: manifest.stateHash, step: 10 });
});

it('never mixes the parts of two generations', async () => {
  await addCheckpointPart(db, part(10, 'shared', 1));
  expect(await addCheckpointPart(db, part(10, 'task-spell', 2))).toBeNull();
  const manifest = await addCheckpointPart(db, part(10, 'shared', 2));
  expect(manifest?.parts.every((one) => one.key.includes('/g2-'))).toBe(true);
  if (!manifest) throw new Error('not whole');
  await commitCheckpoint(db, manifest);
  // The part of the dead generation is not needed any more.
  expect((await unneededParts(db, run)).map((row) => row.key)).toEqual([part(10, 'shared', 1).key]);
});

it('commits one checkpoint of two made at once', async () => {
  for (const generation of [1, 2]) await addCheckpointPart(db, part(10, 'shared', generation));
  const manifests = await Promise.all(
    [1, 2].map((generation) => addCheckpointPart(db, part(10, 'task-spell', generation))),
  );
  const committed = await Promise.all(manifests.map((manifest) => manifest && commitCheckpoint(db, manifest)));
  expect(committed.filter(Boolean)).toHaveLength(1);
  expect(await listCheckpoints(db, run)).toHaveLength(1);
});

it('lists newest first, hides the deleted, and forgets what is gone', async () => {
  for (const step of [10, 20, 30]) expect(await commitAt(step)).toBe(true);
  const newest = await requireRun(db, run);
  await addCheckpointPart(db, part(25, 'shared'));
  await addCheckpointPart(db, part(40, 'shared'));
  await deleteCheckpoint(db, run, 10);
  expect((await listCheckpoints(db, run)).map(({ step }) => step)).toEqual([30, 20]);
  expect(await deletedCheckpoints(db, run)).toEqual([10]);
  const unneeded = await unneededParts(db, run);
  // Step 40 may yet become whole; 25 cannot.
  expect(unneeded.map(({ step, part: name }) => `${step} ${name}`)).toEqual([
    '10 shared',
    '10 task-spell',
    '25 shared',
  ]);
  // Unless what is missing of it is still to be announced.
  const certain = await unneededParts(db, run, { settledBelow: 25 });
  expect(certain.map(({ step }) => step)).toEqual([10, 10]);
  await forgetCheckpoints(db, run, { steps: [10, 20], partKeys: unneeded.map(({ key }) => key) });
  expect(await unneededParts(db, run)).toEqual([]);
  expect(await deletedCheckpoints(db, run)).toEqual([]);
  // 20 had not been deleted: it stays.
  expect((await listCheckpoints(db, run)).map(({ step }) => step)).toEqual([30, 20]);
  expect((await requireRun(db, run)).stateHash).toBe(newest.stateHash);
});

it('ignores parts of unknown runs', async () => {
  const stray = { ...part(10, 'shared'), run: 'gone' as RunId, parts: ['shared'] };
  expect(await addCheckpointPart(db, stray)).toBeNull();
});

it("adopts the copy of another run's checkpoint, whose files retention finds later", async () => {
  const copied = partNames.map((name) => part(10, name, 0));
  const parts = copied.map(({ part: name, key, sizeBytes, sha256, stateHash }) => ({
    ...{ part: name, key, sizeBytes, sha256, stateHash },
  }));
  const stateHash = sha(checkpointStateText(parts));
  const manifest = { format: 'tributary-checkpoint/1' as const, run, attempt: 0, step: 10, stateHash, parts };
  await adoptCheckpoint(db, manifest);
  expect(await listCheckpoints(db, run)).toMatchObject([{ step: 10, attempt: 0, sizeBytes: 200, manifest }]);
  expect(await requireRun(db, run)).toMatchObject({ step: 10, stateHash });
  await expect(adoptCheckpoint(db, manifest)).rejects.toThrow();
  await deleteCheckpoint(db, run, 10);
  expect((await unneededParts(db, run)).map(({ key }) => key)).toEqual(copied.map(({ key }) => key));
});

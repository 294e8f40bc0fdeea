import { checkpointKey, type RunId, type SnapshotSource } from '@tributary/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation } from '../test/installation.js';
import { madePartKey, makeCheckpoint } from '../test/made-runs.js';
import { findResumePoint } from './resume-point.js';

let here: Installation;
beforeAll(async () => {
  here = await Installation.open();
});
afterAll(async () => await here.close());

const source: SnapshotSource = { generation: 1, parts: [] };

async function checkpointed(name: string, steps: readonly number[]): Promise<RunId> {
  const run = await here.create({ name, tasks: 1 });
  for (const step of steps) await makeCheckpoint(here.db, here.objects, run, step);
  return run;
}

it('passes over checkpoints that are missing, torn or changed', async () => {
  const { objects } = here;
  const run = await checkpointed('damaged', [10, 20, 30, 40]);
  const found = () => findResumePoint(objects, run, { snapshot: null, checkpoints: [40, 30, 20, 10] });
  expect((await found()).resume.step).toBe(40);
  const key = (step: number) => madePartKey(run, step);
  await objects.delete(key(40));
  const bytes = Uint8Array.from(await objects.get(key(30)));
  bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1);
  await objects.put(key(30), bytes);
  await objects.put(key(20), new TextEncoder().encode('torn'));
  const { resume, damaged } = await found();
  expect(resume.step).toBe(10);
  expect(damaged.map(({ key }) => key)).toEqual([40, 30, 20].map((step) => checkpointKey(run, step)));
  expect(damaged.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('missing'),
    expect.stringContaining('SHA-256'),
    expect.stringContaining('bytes'),
  ]);
  await objects.delete(key(10));
  expect((await found()).resume).toEqual({ step: 0, checkpointKey: null });
});

it('takes the newer of snapshot and checkpoint, the snapshot where both are of one step, and reads no checkpoint in vain', async () => {
  const { objects } = here;
  const run = await checkpointed('both', [10, 20]);
  const at = async (step: number, checkpoints = [20, 10]) =>
    await findResumePoint(objects, run, { snapshot: { step, source }, checkpoints });
  expect((await at(21)).resume).toEqual({ step: 21, checkpointKey: null, snapshot: source });
  expect((await at(19)).resume).toEqual({ step: 20, checkpointKey: checkpointKey(run, 20) });
  expect((await at(20)).resume.snapshot).toEqual(source);
  // Damage below the snapshot is nobody's concern; damage above it leads back to the snapshot, not to an older checkpoint.
  await objects.delete(madePartKey(run, 20));
  expect((await at(20)).damaged).toEqual([]);
  expect(await at(15)).toMatchObject({ resume: { step: 15, snapshot: source }, damaged: [{}] });
});

import { createHash } from 'node:crypto';
import { runFileSchema } from '@tributary/config';
import type { RunId } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { checkpointsGivenUp, commitCheckpoint, createRun, requireRun, writeRecords } from './index.js';
import { testDatabase } from './test-database.fixture.js';

const words = { source: 'words', kind: 'spell' } as const;
const { db } = await testDatabase();

/** A run with a checkpoint at every tenth step and the losses of its two tasks at some. */
async function runWith(name: string, checkpoints: Record<string, unknown>, losses: Record<number, [number, number]>) {
  const run = name as RunId;
  const spec = runFileSchema.parse({
    experiment: name,
    tasks: ['spell', 'other'].map((task) => ({ name: task, data: words })),
    checkpoints: { every: 10, ...checkpoints },
    evaluation: { every: 10 },
    budget: { steps: 60 },
  });
  await createRun(db, { run, experiment: name, spec, files: {} });
  for (const step of [10, 20, 30, 40, 50, 60]) {
    const stateHash = createHash('sha256').update(String(step)).digest('hex');
    await commitCheckpoint(db, { format: 'tributary-checkpoint/1', run, attempt: 1, step, stateHash, parts: [] });
  }
  const points = Object.entries(losses).flatMap(([step, values]) =>
    (['spell', 'other'] as const).map((task, index) => ({
      subject: `task:${task}` as const,
      series: 'validation.loss',
      step: Number(step),
      value: values[index] as number,
    })),
  );
  if (points.length > 0)
    await writeRecords(db, [
      { run, attempt: 1, generation: 1, member: 0, kind: 'points', points, timings: [], tokens: 0 },
    ]);
  return await requireRun(db, run);
}

const steps = async (row: Awaited<ReturnType<typeof runWith>>) =>
  (await checkpointsGivenUp(db, row)).map(({ step }) => step);

it('keeps the newest, and every n-th for good', async () => {
  expect(await steps(await runWith('newest', { keep: 2 }, {}))).toEqual([10, 20, 30, 40]);
  expect(await steps(await runWith('every', { keep: 1, keepEvery: 20 }, {}))).toEqual([10, 30, 50]);
});

it('keeps the best by the recorded points: of one task, or of the mean of all', async () => {
  const losses: Record<number, [number, number]> = { 10: [1, 9], 20: [4, 2], 40: [5, 4] };
  const best = { metric: 'validation.loss' };
  expect(await steps(await runWith('mean', { keep: 1, best }, losses))).toEqual([10, 30, 40, 50]);
  expect(await steps(await runWith('task', { keep: 1, best: { ...best, task: 'spell' } }, losses))).toEqual([
    20, 30, 40, 50,
  ]);
  expect(await steps(await runWith('highest', { keep: 1, best: { ...best, mode: 'max', keep: 2 } }, losses))).toEqual([
    20, 30, 50,
  ]);
});

it('takes the run file of an earlier version, which knows only the newest', async () => {
  const row = await runWith('earlier', { keep: 5 }, {});
  const { every, keep } = row.spec.checkpoints;
  expect(
    await checkpointsGivenUp(db, { ...row, spec: { ...row.spec, checkpoints: { every, keep } as never } }),
  ).toHaveLength(1);
});

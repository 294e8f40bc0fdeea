import { runFileSchema } from '@tributary/config';
import type { RunId, RunRecord } from '@tributary/protocol';
import { expect, it } from 'vitest';
import {
  attemptsOf,
  createRun,
  endAttempt,
  laterGenerations,
  recordGeneration,
  requireRun,
  startAttempt,
  writeRecords,
} from './index.js';
import { testDatabase } from './test-database.fixture.js';

const spec = runFileSchema.parse({
  experiment: 'generations',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 8 },
});

const { db } = await testDatabase();

async function runWith(run: string, resumeSteps: readonly number[]): Promise<RunId> {
  await createRun(db, { run: run as RunId, experiment: 'generations', spec, files: {} });
  for (const [index, resumeStep] of resumeSteps.entries())
    await recordGeneration(db, { run, attempt: 1, generation: index + 1, members: [], resumeStep, reason: null });
  return run as RunId;
}

it('finds the generations after a given one, of many runs at once', async () => {
  const [a, b] = [await runWith('later-a', [0, 40, 30]), await runWith('later-b', [0, 5])];
  const found = await laterGenerations(
    db,
    new Map([
      [a, 1],
      [b, 2],
      ['no-such-run', 1],
    ]),
  );
  expect(found.sort((one, other) => one.generation - other.generation)).toEqual([
    { run: a, generation: 2, resumeStep: 40 },
    { run: a, generation: 3, resumeStep: 30 },
  ]);
  expect(await laterGenerations(db, new Map())).toEqual([]);
});

it('does not move a run by the end of a member that woke up late', async () => {
  const run = await runWith('late-end', [0, 4]);
  const end = (generation: number, step: number): RunRecord => ({
    run,
    attempt: 1,
    generation,
    member: 0,
    kind: 'member-end',
    step,
    outcome: 'finished',
  });
  expect(await writeRecords(db, [end(1, 8)])).toMatchObject({ inserted: 1 });
  expect((await requireRun(db, run)).step).toBe(0);
  await writeRecords(db, [{ ...end(1, 4), member: 1 }, end(2, 6)]);
  expect((await requireRun(db, run)).step).toBe(6);
});

it('keeps the budget of each attempt', async () => {
  const run = await runWith('extended', []);
  await startAttempt(db, run);
  await endAttempt(db, run, 1, { state: 'cancelled', reason: null });
  await startAttempt(db, run, { steps: 20 });
  expect((await attemptsOf(db, run)).map(({ attempt, targetSteps }) => [attempt, targetSteps]).sort()).toEqual([
    [1, 8],
    [2, 20],
  ]);
});

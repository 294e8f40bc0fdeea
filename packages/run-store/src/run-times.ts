import { runTime } from '@tributary/planner';
import type { GenerationTime, RunTimeDocument } from '@tributary/protocol';
import type { Db } from './database.js';

/** Keeps what the time of a generation that goes on went to, lest it be lost with its supervisor. */
export async function recordGenerationTime(
  db: Db,
  { run, generation, time }: { readonly run: string; readonly generation: number; readonly time: GenerationTime },
): Promise<void> {
  await db
    .updateTable('generations')
    .set({ time: JSON.stringify(time) })
    .where('run', '=', run)
    .where('generation', '=', generation)
    .where('endedAt', 'is', null)
    .execute();
}

/** What the time of a generation went to as far as it is recorded; null: not at all. */
export async function generationTimeOf(db: Db, run: string, generation: number): Promise<GenerationTime | null> {
  const row = await db
    .selectFrom('generations')
    .select('time')
    .where('run', '=', run)
    .where('generation', '=', generation)
    .executeTakeFirst();
  return row?.time ?? null;
}

/** What became of a run's time; null where nothing of it is known. */
export async function runTimeOf(db: Db, run: string): Promise<RunTimeDocument | null> {
  return (await runTimesOf(db, [run])).get(run) ?? null;
}

/** The same of several runs; those of which nothing is known are left out. */
export async function runTimesOf(db: Db, runs: readonly string[]): Promise<Map<string, RunTimeDocument>> {
  const times = new Map<string, RunTimeDocument>();
  if (runs.length === 0) return times;
  const [attempts, generations] = await Promise.all([
    db
      .selectFrom('attempts')
      .select(['run', 'attempt', 'startedAt', 'endedAt'])
      .where('run', 'in', runs)
      .orderBy('attempt')
      .execute(),
    db
      .selectFrom('generations')
      .select(['run', 'attempt', 'resumeStep', 'openedAt', 'endedAt', 'recovery', 'waitedMs', 'time'])
      .where('run', 'in', runs)
      .orderBy('generation')
      .execute(),
  ]);
  for (const run of new Set(runs)) {
    const time = runTime(
      attempts
        .filter((row) => row.run === run)
        .map(({ attempt, startedAt, endedAt }) => ({
          attempt,
          startedAtMs: startedAt.getTime(),
          endedAtMs: endedAt?.getTime() ?? null,
        })),
      generations
        .filter((row) => row.run === run)
        .map(({ openedAt, endedAt, waitedMs, ...row }) => ({
          ...row,
          waitedMs: waitedMs ?? 0,
          openedAtMs: openedAt.getTime(),
          endedAtMs: endedAt?.getTime() ?? null,
        })),
    );
    if (time !== null) times.set(run, time);
  }
  return times;
}

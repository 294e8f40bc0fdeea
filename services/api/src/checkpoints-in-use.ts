import { isResting } from '@tributary/protocol';
import { type CheckpointRow, type Db, generationsOf, type RunRow, stepsAwaitedFrom } from '@tributary/run-store';

/** Why each of these checkpoints (newest first) may not be deleted now, by step; those that may are left out. */
export async function checkpointsInUse(
  db: Db,
  { run, state }: RunRow,
  checkpoints: readonly CheckpointRow[],
): Promise<Map<number, string>> {
  const reasons = new Map<number, string>();
  for (const { run: other, step } of await stepsAwaitedFrom(db, run)) reasons.set(step, `run ${other} begins with it`);
  if (!isResting(state)) {
    const generation = (await generationsOf(db, run)).at(-1);
    if (generation !== undefined)
      reasons.set(generation.resumeStep, `generation ${generation.generation} began with it`);
  }
  const [newest] = checkpoints;
  if (newest !== undefined) reasons.set(newest.step, 'the newest');
  return reasons;
}

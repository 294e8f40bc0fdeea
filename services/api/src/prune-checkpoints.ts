import { checkpointsToDelete } from '@tributary/planner';
import { checkpointKey, type PruneReplyDocument } from '@tributary/protocol';
import {
  checkpointsGivenUp,
  deleteCheckpoint,
  forgetCheckpoints,
  listCheckpoints,
  requireRun,
  unneededParts,
} from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';
import { checkpointsInUse } from './checkpoints-in-use.js';

export interface PruneOptions {
  /** Newest checkpoints to keep, and no others; null: what the run file's retention keeps. */
  readonly keep: number | null;
  readonly dryRun: boolean;
}

/** Deletes checkpoints, never the newest and none that a run needs now. @throws TributaryError `RUN_NOT_FOUND` */
export async function pruneCheckpoints(
  run: string,
  { keep, dryRun }: PruneOptions,
  { db, objects }: Pick<ApiDeps, 'db' | 'objects'>,
): Promise<PruneReplyDocument> {
  const row = await requireRun(db, run);
  const checkpoints = await listCheckpoints(db, run);
  const unwanted = new Set(
    (keep === null ? await checkpointsGivenUp(db, row) : checkpointsToDelete(checkpoints, { keep })).map(
      ({ step }) => step,
    ),
  );
  const inUse = await checkpointsInUse(db, row, checkpoints);
  const deleted = checkpoints.filter(({ step }) => unwanted.has(step) && !inUse.has(step));
  const steps = new Set(deleted.map(({ step }) => step));
  const kept = checkpoints
    .filter(({ step }) => !steps.has(step))
    .map(({ step }) => ({
      step,
      reason: inUse.get(step) ?? (keep === null ? "kept by the run file's checkpoints" : `one of the ${keep} newest`),
    }));
  if (!dryRun) {
    // Hidden first: no reader finds a checkpoint whose files are going.
    for (const step of steps) await deleteCheckpoint(db, run, step);
    for (const step of steps) await objects.delete(checkpointKey(run, step));
    const parts = (await unneededParts(db, run)).filter(({ step }) => steps.has(step));
    for (const { key } of parts) await objects.delete(key);
    await forgetCheckpoints(db, run, { steps: [...steps], partKeys: parts.map(({ key }) => key) });
  }
  return { run, dryRun, deleted: deleted.map(({ step, sizeBytes }) => ({ step, sizeBytes })), kept };
}

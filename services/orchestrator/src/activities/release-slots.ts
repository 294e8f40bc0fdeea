import { findRun, releaseLeases } from '@tributary/run-store';
import type { AttemptRef } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { recordStanding } from '../record-standing.js';

/**
 * Closes the attempt's document, forgets its endings, which only an open one needs, then gives its slots back. Each becomes free
 * once its agent has confirmed that no trainer is left on it. An older attempt touches nothing of a newer one.
 */
export async function closeAndRelease(
  { db, generations, forgetEndings }: Pick<OrchestratorParts, 'db' | 'generations' | 'forgetEndings'>,
  { run, attempt }: AttemptRef,
): Promise<void> {
  await generations.close(run, attempt);
  const row = await findRun(db, run);
  if (row !== null && row.attempt !== attempt) return;
  await forgetEndings(run);
  await recordStanding(db, generations, { run, attempt });
  await releaseLeases(db, run);
}

/** As {@link closeAndRelease}, for a run that goes on waiting for other slots, or cannot be finished properly. */
export function releaseSlots(parts: OrchestratorParts) {
  return async (input: AttemptRef): Promise<void> => await closeAndRelease(parts, input);
}

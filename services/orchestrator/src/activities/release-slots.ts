import { findRun, releaseLeases } from '@tributary/run-store';
import type { AttemptRef } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';

/**
 * Closes the attempt's document, then gives its slots back. Each becomes free once its agent has confirmed that no trainer is
 * left on it. An older attempt touches nothing of a newer one.
 */
export function releaseSlots({ db, generations }: Pick<OrchestratorParts, 'db' | 'generations'>) {
  return async ({ run, attempt }: AttemptRef): Promise<void> => {
    await generations.close(run, attempt);
    const row = await findRun(db, run);
    if (row === null || row.attempt === attempt) await releaseLeases(db, run);
  };
}

import { endGeneration, setRunState } from '@tributary/run-store';
import type { AttemptRef, EndedGenerationRef } from '@tributary/workflows';
import type { OrchestratorParts } from './orchestrator-parts.js';

/** Records how a generation ended, and that the run is now between generations. */
export async function recordRecovery(
  { db, events }: Pick<OrchestratorParts, 'db' | 'events'>,
  { run, attempt }: AttemptRef,
  { generation, outcome }: EndedGenerationRef,
  reason: string | null,
): Promise<void> {
  await endGeneration(db, {
    run,
    generation,
    outcome: outcome.kind,
    reason: 'reason' in outcome ? outcome.reason : null,
  });
  if (await setRunState(db, run, { state: 'recovering', reason }))
    await events.state({ run, attempt, state: 'recovering', reason, step: outcome.step }, `after.${generation}`);
}

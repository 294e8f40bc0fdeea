import { recoveryCause } from '@tributary/planner';
import type { GenerationOutcome } from '@tributary/protocol';
import type { GenerationEnding } from '@tributary/run-store';

/** What the run-store keeps of how a generation ended. */
export function endingOf(outcome: GenerationOutcome): Omit<GenerationEnding, 'run' | 'generation'> {
  return {
    outcome: outcome.kind,
    reason: 'reason' in outcome ? (outcome.reason ?? null) : null,
    time: outcome.time,
    recovery: recoveryCause(outcome),
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import { lanesOf } from '@tributary/planner';
import { leasesOf, requireRun, tryLease } from '@tributary/run-store';
import type { LeaseSlotsInput } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { requireAttempt } from './require-attempt.js';

const pollMs = 500;

/** Asks for the run's slots until it has them; the run-store serves the oldest request first. */
export function leaseSlots({ db, metrics, supervisionLimits }: OrchestratorParts) {
  return async (input: LeaseSlotsInput, signal: AbortSignal) => {
    const row = await requireRun(db, input.run);
    requireAttempt(row, input);
    if (input.held.length > 0) return { workers: input.held };
    const { spec } = row;
    const max = Math.min(spec.workers.max, lanesOf(spec).length);
    for (;;) {
      const aliveAfter = new Date(Date.now() - supervisionLimits.silenceMs);
      const workers = await tryLease(db, { run: input.run, min: Math.min(spec.workers.min, max), max, aliveAfter });
      if (workers !== null) {
        const [lease] = await leasesOf(db, input.run);
        if (lease !== undefined) metrics.leased(lease.leasedAt.getTime() - lease.requestedAt.getTime());
        return { workers };
      }
      await delay(pollMs, undefined, { signal });
    }
  };
}

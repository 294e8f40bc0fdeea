import { setTimeout as delay } from 'node:timers/promises';
import { lanesOf } from '@tributary/planner';
import type { WorkerId } from '@tributary/protocol';
import { leasesOf, type RunRow, requireRun, topUpLease, tryLease } from '@tributary/run-store';
import type { LeaseSlotsInput } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { whilePostgresAnswers } from '../while-postgres-answers.js';
import { requireAttempt } from './require-attempt.js';

const pollMs = 500;

/** Gives a run that holds no slots its first ones, once it is its turn; else tops up what it holds, waiting for nothing. */
export function leaseSlots(parts: OrchestratorParts) {
  return async (input: LeaseSlotsInput, signal: AbortSignal): Promise<{ workers: readonly WorkerId[] }> =>
    input.held.length > 0 ? await topUp(parts, input, signal) : await awaitSlots(parts, input, signal);
}

/** Asks for the run's slots until it has them; the run-store serves the oldest request first. */
async function awaitSlots(
  { db, metrics, roster, supervisionLimits }: OrchestratorParts,
  input: LeaseSlotsInput,
  signal: AbortSignal,
): Promise<{ workers: readonly WorkerId[] }> {
  const row = await requireRun(db, input.run);
  requireAttempt(row, input);
  const max = wantedOf(row, input);
  const min = Math.min(row.spec.workers.min, max);
  for (;;) {
    const aliveAfter = new Date(Date.now() - supervisionLimits.silenceMs);
    const workers = await tryLease(db, { run: input.run, min, max, aliveAfter });
    if (workers !== null) {
      const [lease] = await leasesOf(db, input.run);
      if (lease !== undefined)
        metrics.leased(roster.deviceOf(lease.worker), lease.leasedAt.getTime() - lease.requestedAt.getTime());
      return { workers };
    }
    await delay(pollMs, undefined, { signal });
  }
}

/** Without Postgres the run keeps the workers that its generation names: those are surely its own. */
async function topUp(
  { db, generations, roster, supervisionLimits, log }: OrchestratorParts,
  input: LeaseSlotsInput,
  signal: AbortSignal,
): Promise<{ workers: readonly WorkerId[] }> {
  const { run, attempt, held } = input;
  const standing = (await generations.read(run))?.document ?? null;
  await roster.rollCall(held, signal);
  const answering = roster.living().flatMap(({ worker, draining }) => (draining ? [] : [worker]));
  const workers = await whilePostgresAnswers(async () => {
    const row = await requireRun(db, run);
    requireAttempt(row, input);
    return await topUpLease(db, {
      run,
      wanted: wantedOf(row, input),
      answering,
      generation: standing?.generation ?? 0,
      aliveAfter: new Date(Date.now() - supervisionLimits.silenceMs),
    });
  });
  // Where nobody answers, opening a generation says so, and the run gives all back and waits.
  if (workers !== null)
    return { workers: workers.length > 0 ? workers : held.filter((worker) => !answering.includes(worker)) };
  log.warn({ run, attempt }, 'Postgres does not answer: the run goes on with the workers that it has');
  const going = standing?.attempt === attempt && standing.state === 'open' ? standing : null;
  const members = going?.members.map(({ worker }) => worker) ?? held;
  return { workers: held.filter((worker) => members.includes(worker)) };
}

function wantedOf({ spec }: RunRow, { wanted }: LeaseSlotsInput): number {
  return Math.min(wanted ?? spec.workers.max, lanesOf(spec).length);
}

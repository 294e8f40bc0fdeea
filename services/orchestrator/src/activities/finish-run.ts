import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from '@tributary/protocol';
import { endAttempt, endGeneration, listCheckpoints, membersEnded, requireRun } from '@tributary/run-store';
import type { EndedRun, FinishRunInput } from '@tributary/workflows';
import { endingOf as generationEnding } from '../ending-of.js';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { closeAndRelease } from './release-slots.js';
import { requireAttempt } from './require-attempt.js';

const pollMs = 200;

/**
 * Ends an attempt. The state comes last: whoever sees it finds every record, the last checkpoint and free slots.
 */
export function finishRun(parts: OrchestratorParts) {
  const { db, events, gauges, metrics, log } = parts;
  return async (input: FinishRunInput, signal: AbortSignal): Promise<EndedRun> => {
    const { run, attempt, last } = input;
    requireAttempt(await requireRun(db, run), input);
    if (last !== null) await endGeneration(db, { run, generation: last.generation, ...generationEnding(last.outcome) });
    const missing = await awaitRecorder(parts, input, signal);
    await closeAndRelease(parts, input);
    const ended = endingOf(input, missing);
    if (!(await endAttempt(db, run, attempt, ended))) {
      const { state } = await requireRun(db, run);
      throw new TributaryError('RUN_STATE_CONFLICT', `Run ${run} is ${state} and cannot become ${ended.state}.`);
    }
    await events.state(
      { run, attempt, state: ended.state, reason: ended.reason, step: input.step ?? last?.outcome.step ?? 0 },
      'end',
    );
    await gauges.conclude(run).catch((error: unknown) => log.debug({ err: error, run }, 'its time was not counted'));
    metrics.ended(run, ended.state, input.code);
    log.info({ run, attempt, ...ended, step: input.step }, 'a run ended');
    return ended;
  };
}

function endingOf({ state, reason }: FinishRunInput, missing: string | null): Pick<FinishRunInput, 'state' | 'reason'> {
  if (missing === null) return { state, reason };
  if (state === 'finished') return { state: 'failed', reason: `trained to the end, but ${missing}` };
  return { state, reason: `${reason ?? state}; but ${missing}` };
}

/** Waits until the run-store has all that the last generation published; returns what is still missing in the end. */
async function awaitRecorder(
  { db, recorderPatienceMs }: OrchestratorParts,
  { run, step, last }: FinishRunInput,
  signal: AbortSignal,
): Promise<string | null> {
  if (step === null || last === null) return null;
  // Begins with the first answer: time without Postgres is nobody's fault but its own.
  let sinceMs: number | null = null;
  for (;;) {
    const ends = await membersEnded(db, run, last.generation);
    const checkpointed = step === 0 || (await listCheckpoints(db, run)).some((checkpoint) => checkpoint.step === step);
    if (ends.length >= last.members && checkpointed) return null;
    sinceMs ??= Date.now();
    if (Date.now() - sinceMs > recorderPatienceMs) {
      const what = [
        ends.length < last.members ? `${last.members - ends.length} of ${last.members} members' last records` : null,
        checkpointed ? null : `the checkpoint of step ${step}`,
      ].filter((text) => text !== null);
      return `the recorder has not stored ${what.join(' and ')} within ${Math.round(recorderPatienceMs / 1000)} s; see \`tributary logs recorder\`, then resume the run`;
    }
    await delay(pollMs, undefined, { signal });
  }
}

import { createHash } from 'node:crypto';
import { initSummary, preparedKey } from '@tributary/protocol';
import { requireRun, setPrepared } from '@tributary/run-store';
import type { AttemptRef } from '@tributary/workflows';
import { initOf } from '../init-of.js';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { prepareInThread } from '../prepare-in-thread.js';
import { requireAttempt } from './require-attempt.js';

/** Checks a run's data and stores what workers need, once: the same run file and data give the same key. */
export function prepare({ db, objects, events, metrics }: OrchestratorParts) {
  return async (input: AttemptRef, signal: AbortSignal): Promise<{ preparedKey: string }> => {
    const { run } = input;
    const row = await requireRun(db, run);
    requireAttempt(row, input);
    const { spec, files } = row;
    metrics.attemptStarted(row);
    const init = await initOf(row, db, objects);
    const prepared = await prepareInThread({ run, spec, files, init }, objects, signal);
    const bytes = Buffer.from(JSON.stringify(prepared));
    const key = preparedKey(createHash('sha256').update(bytes).digest('hex'));
    if (!(await objects.has(key))) await objects.put(key, bytes);
    await setPrepared(db, run, { preparedKey: key, targetSteps: spec.budget.steps });
    // Later attempts begin where the first one came to.
    if (prepared.init && input.attempt === 1) await events.notice(run, initSummary(prepared.init.report), 'init');
    return { preparedKey: key };
  };
}

import { TributaryError } from '@tributary/protocol';
import { endGeneration, recordGeneration as recordOpened, requireRun, setRunState } from '@tributary/run-store';
import type { RecordGenerationInput } from '@tributary/workflows';
import { endingOf } from '../ending-of.js';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { requireAttempt } from './require-attempt.js';

/** Writes a generation's begin or end into the run-store, sets the run's state and tells those who watch. */
export function recordGeneration({ db, events, metrics }: OrchestratorParts) {
  return async (input: RecordGenerationInput): Promise<void> => {
    const { run, attempt, reason } = input;
    requireAttempt(await requireRun(db, run), input);
    if (input.kind === 'ended') {
      const { generation, outcome, endedAtMs } = input.ended;
      await endGeneration(db, { run, generation, ...endingOf(outcome), endedAt: new Date(endedAtMs) });
      if (await setRunState(db, run, { state: 'recovering', reason })) {
        metrics.recovering(run);
        await events.state({ run, attempt, state: 'recovering', reason, step: outcome.step }, `after.${generation}`);
      }
      return;
    }
    const { generation, members, resumeStep, openedAtMs } = input.opened;
    const openedAt = new Date(openedAtMs);
    await recordOpened(db, { run, attempt, generation, members, resumeStep, reason, openedAt });
    if (!(await setRunState(db, run, { state: 'running', reason })))
      throw new TributaryError('RUN_STATE_CONFLICT', `Run ${run} has ended meanwhile and goes on no more.`);
    await events.state({ run, attempt, state: 'running', reason, step: resumeStep }, `generation.${generation}`);
    metrics.generationOpened(run, input.previous?.outcome ?? null);
  };
}

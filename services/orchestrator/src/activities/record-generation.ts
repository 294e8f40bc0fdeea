import { TributaryError } from '@tributary/protocol';
import { endGeneration, recordGeneration as recordOpened, requireRun, setRunState } from '@tributary/run-store';
import type { RecordGenerationInput } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { requireAttempt } from './require-attempt.js';

/** Writes a generation's begin or end into the run-store, sets the run's state and tells those who watch. */
export function recordGeneration({ db, events, metrics }: OrchestratorParts) {
  return async (input: RecordGenerationInput): Promise<void> => {
    const { run, attempt, reason } = input;
    requireAttempt(await requireRun(db, run), input);
    if (input.kind === 'ended') {
      const { generation, outcome } = input.ended;
      const why = 'reason' in outcome ? outcome.reason : null;
      await endGeneration(db, { run, generation, outcome: outcome.kind, reason: why });
      if (await setRunState(db, run, { state: 'recovering', reason }))
        await events.state({ run, attempt, state: 'recovering', reason, step: outcome.step }, `after.${generation}`);
      return;
    }
    const { generation, members, resumeStep } = input.opened;
    await recordOpened(db, { run, attempt, generation, members, resumeStep, reason });
    if (!(await setRunState(db, run, { state: 'running', reason })))
      throw new TributaryError('RUN_STATE_CONFLICT', `Run ${run} has ended meanwhile and goes on no more.`);
    await events.state({ run, attempt, state: 'running', reason, step: resumeStep }, `generation.${generation}`);
    metrics.generationOpened(run, input.previous?.outcome ?? null);
  };
}

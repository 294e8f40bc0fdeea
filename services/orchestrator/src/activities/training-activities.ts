import { Context } from '@temporalio/activity';
import type { AttemptRef, TrainingActivities } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { activityFailure } from './activity-failures.js';
import { finishRun } from './finish-run.js';
import { whileHeartbeating } from './heartbeats.js';
import { leaseSlots } from './lease-slots.js';
import { openGeneration } from './open-generation.js';
import { prepare } from './prepare.js';
import { recordGeneration } from './record-generation.js';
import { releaseSlots } from './release-slots.js';
import { superviseGeneration } from './supervise-generation.js';

/** The activities of `trainingRun`, for a Temporal worker. */
export function trainingActivities(parts: OrchestratorParts): TrainingActivities {
  const { generations, held, log } = parts;

  /** Gives an activity its heartbeat, its cancellation and its failures' codes. */
  function activity<I extends AttemptRef, O>(
    work: (input: I, signal: AbortSignal) => Promise<O>,
  ): (input: I) => Promise<O> {
    return async (input) => {
      const release = held.hold(input.run);
      try {
        return await whileHeartbeating((signal) => work(input, signal));
      } catch (error) {
        const failure = activityFailure(error);
        const { activityType, attempt } = Context.current().info;
        if (!Context.current().cancellationSignal.aborted)
          log.warn({ err: error, input, activity: activityType, try: attempt }, 'an activity failed');
        throw failure;
      } finally {
        release();
      }
    };
  }

  return {
    prepare: activity(prepare(parts)),
    leaseSlots: activity(leaseSlots(parts)),
    openGeneration: activity(openGeneration(parts)),
    recordGeneration: activity(recordGeneration(parts)),
    superviseGeneration: activity(superviseGeneration(parts)),
    requestStop: activity(({ run, attempt, generation, stop }) =>
      generations.requestStop(run, attempt, generation, stop),
    ),
    finishRun: activity(finishRun(parts)),
    releaseSlots: activity(releaseSlots(parts)),
  };
}

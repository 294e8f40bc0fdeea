import {
  CancellationScope,
  ContinueAsNew,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { decideAfterGeneration, type LossHistory, noLosses, type RunDecision } from '@tributary/planner';
import type { ErrorCode, RunState, StopRequest, WorkerId } from '@tributary/protocol';
import { computingActivity, longActivity, shortActivity } from './activity-options.js';
import { failureReason } from './failure-reason.js';
import type {
  AttemptRef,
  EndedGenerationRef,
  EndedRun,
  FinishRunInput,
  OpenedGeneration,
  TrainingActivities,
} from './training-activities.js';
import { cancelSignal, pauseSignal, statusQuery } from './training-signals.js';

/** What a run takes along into its next execution; of constant size. */
export interface CarriedRun {
  readonly preparedKey: string;
  readonly workers: readonly WorkerId[];
  readonly decisions: number;
  readonly history: LossHistory;
  readonly previous: EndedGenerationRef;
  readonly reason: string;
}

export interface TrainingRunInput extends AttemptRef {
  /** Decisions after which the workflow continues as new, if the server has not suggested it before; default 200. */
  readonly generationsPerExecution?: number;
  /** Set by continue-as-new only. */
  readonly carried?: CarriedRun;
}

const { prepare } = proxyActivities<TrainingActivities>(computingActivity);
const { leaseSlots, openGeneration, superviseGeneration, finishRun } =
  proxyActivities<TrainingActivities>(longActivity);
const { requestStop, releaseSlots } = proxyActivities<TrainingActivities>(shortActivity);

type Ending = Pick<FinishRunInput, 'state' | 'code' | 'reason' | 'step'>;

/**
 * Owns one attempt of a run: leases its slots, opens one generation after another and decides, until the run ends or rests.
 * It never sees a step: its history grows with generations, neither with steps nor with time.
 */
export async function trainingRun(input: TrainingRunInput): Promise<EndedRun> {
  const outer = CancellationScope.current();
  return await CancellationScope.nonCancellable(() => runAttempt(input, outer));
}

async function runAttempt(input: TrainingRunInput, outer: CancellationScope): Promise<EndedRun> {
  const { run, attempt, carried, generationsPerExecution = 200 } = input;
  const ref: AttemptRef = { run, attempt };
  let stop: StopRequest | null = null;
  let state: RunState = carried === undefined ? 'queued' : 'recovering';
  let reason: string | null = carried?.reason ?? null;
  let workers: readonly WorkerId[] = carried?.workers ?? [];
  let decisions = carried?.decisions ?? 0;
  let history = carried?.history ?? noLosses;
  let previous: EndedGenerationRef | null = carried?.previous ?? null;
  let opened: Extract<OpenedGeneration, { kind: 'opened' }> | null = null;

  setHandler(cancelSignal, () => {
    stop = 'cancel';
  });
  setHandler(pauseSignal, () => {
    stop ??= 'pause';
  });
  // A cancellation from Temporal's own tools means the same as the signal.
  outer.cancelRequested.catch(() => {
    stop = 'cancel';
  });
  const wanted = (): StopRequest | null => stop;
  setHandler(statusQuery, () => ({
    run,
    attempt,
    state,
    reason,
    generation: opened?.generation ?? previous?.generation ?? 0,
    resumeStep: opened?.resumeStep ?? 0,
    workers,
    stop: wanted(),
  }));

  /** What a stop request makes of a run that no generation trains. A queued run has nothing to pause yet. */
  const stopped = (): Ending | null => {
    const request = wanted();
    if (request === 'cancel') return { state: 'cancelled', code: null, reason: 'cancelled by request', step: null };
    if (request === 'pause' && state === 'recovering')
      return { state: 'paused', code: null, reason: 'paused by request', step: null };
    return null;
  };

  /** What an activity gives, or null once a stop request has come first: then it is cancelled. */
  async function unlessStopped<T>(start: () => Promise<T>): Promise<T | null> {
    const scope = new CancellationScope({ cancellable: true });
    let done = false;
    const interrupted = condition(() => done || stopped() !== null).then(() => {
      if (!done) scope.cancel();
    });
    try {
      return await scope.run(start);
    } catch (error) {
      if (stopped() !== null && isCancellation(error)) return null;
      throw error;
    } finally {
      done = true;
      await interrupted;
    }
  }

  /** The generation's outcome; passes on stop requests that come meanwhile. */
  async function superviseAndStop(generation: number) {
    let ended = false;
    let asked: StopRequest | null = null;
    const stopping = (async () => {
      for (;;) {
        await condition(() => ended || wanted() !== asked);
        const request = wanted();
        if (ended || request === null) return;
        asked = request;
        await requestStop({ ...ref, generation, stop: request });
      }
    })();
    try {
      return await superviseGeneration({ ...ref, generation });
    } finally {
      ended = true;
      await stopping;
    }
  }

  async function train(): Promise<Ending> {
    let preparedKey = carried?.preparedKey ?? null;
    for (;;) {
      const early = stopped();
      if (early !== null) return early;
      if (preparedKey === null) {
        preparedKey = (await unlessStopped(() => prepare(ref)))?.preparedKey ?? null;
        continue;
      }
      if (workers.length === 0) {
        workers = (await unlessStopped(() => leaseSlots(ref)))?.workers ?? [];
        continue;
      }
      const next = await openGeneration({
        ...ref,
        decisionId: `${run}.${attempt}.${decisions}`,
        preparedKey,
        workers,
        previous,
        reason,
      });
      decisions += 1;
      if (next.kind === 'no-workers') {
        reason = next.reason;
        await releaseSlots({ ...ref, waiting: previous === null ? null : { previous, reason } });
        workers = [];
        continue;
      }
      opened = next;
      state = 'running';
      const outcome = await superviseAndStop(next.generation);
      previous = { generation: next.generation, members: next.workers.length, outcome };
      const decided = decideAfterGeneration({ outcome, resumeStep: next.resumeStep, workers, stop: wanted() }, history);
      history = decided.history;
      reason = decided.reason;
      const ending = endingOf(decided.decision, decided.reason);
      if (ending !== null) return ending;
      state = 'recovering';
      if (decided.decision.kind === 'wait-for-slot') {
        await releaseSlots({ ...ref, waiting: { previous, reason } });
        workers = [];
      }
      const long = workflowInfo().continueAsNewSuggested || decisions % generationsPerExecution === 0;
      if (long && stopped() === null)
        await continueAsNew<typeof trainingRun>({
          ...input,
          carried: { preparedKey, workers, decisions, history, previous, reason },
        });
    }
  }

  const ending = await train().catch((error: unknown): Ending => {
    if (error instanceof ContinueAsNew) throw error;
    const early = stopped();
    if (early !== null) return early;
    return { state: 'failed', ...failureReason(error), step: null };
  });
  try {
    const ended = await finishRun({ ...ref, ...ending, last: previous });
    state = ended.state;
    reason = ended.reason;
    return ended;
  } catch (error) {
    await releaseSlots({ ...ref, waiting: null });
    throw error;
  }
}

/** How a decision ends the run; null where it goes on. */
function endingOf(decision: RunDecision, reason: string): Ending | null {
  switch (decision.kind) {
    case 'finish':
      return { state: 'finished', code: null, reason: null, step: decision.step };
    case 'cancel':
      return { state: 'cancelled', code: null, reason, step: decision.step };
    case 'pause':
      return { state: 'paused', code: null, reason, step: decision.step };
    case 'fail':
      return { state: 'failed', code: decision.code as ErrorCode, reason, step: null };
    default:
      return null;
  }
}

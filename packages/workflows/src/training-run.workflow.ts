import {
  CancellationScope,
  ContinueAsNew,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { decideAfterGeneration, type LossHistory, noLosses, type RunDecision, strongerStop } from '@tributary/planner';
import type { ErrorCode, GenerationOutcome, RunState, StopRequest, WorkerId } from '@tributary/protocol';
import { computingActivity, longActivity, shortActivity } from './activity-options.js';
import { failureReason } from './failure-reason.js';
import { unlessInterrupted } from './interruptible.js';
import { RecordsInOrder } from './records-in-order.js';
import type {
  AttemptRef,
  EndedGenerationRef,
  EndedRun,
  FinishRunInput,
  OpenGenerationRef,
  TrainingActivities,
} from './training-activities.js';
import { cancelSignal, pauseSignal, scaleSignal, statusQuery } from './training-signals.js';

/** What a run takes along into its next execution; of constant size. */
export interface CarriedRun {
  readonly preparedKey: string;
  readonly workers: readonly WorkerId[];
  readonly wanted: number | null;
  readonly decisions: number;
  readonly spentMs: number;
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
const { leaseSlots, openGeneration, superviseGeneration, recordGeneration, finishRun } =
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
  let wanted = carried?.wanted ?? null;
  let state: RunState = carried === undefined ? 'queued' : 'recovering';
  let reason: string | null = carried?.reason ?? null;
  let workers: readonly WorkerId[] = carried?.workers ?? [];
  let decisions = carried?.decisions ?? 0;
  let spentMs = carried?.spentMs ?? 0;
  let history = carried?.history ?? noLosses;
  let previous: EndedGenerationRef | null = carried?.previous ?? null;
  let opened: OpenGenerationRef | null = null;
  const records = new RecordsInOrder(recordGeneration);

  setHandler(cancelSignal, () => {
    stop = 'cancel';
  });
  setHandler(pauseSignal, () => {
    stop = strongerStop(stop, 'pause');
  });
  setHandler(scaleSignal, (count) => {
    if (Number.isInteger(count) && count >= 1) wanted = count;
  });
  // A cancellation from Temporal's own tools means the same as the signal.
  outer.cancelRequested.catch(() => {
    stop = 'cancel';
  });
  const requested = (): StopRequest | null => stop;
  const scaledTo = (): number | null => wanted;
  setHandler(statusQuery, () => ({
    run,
    attempt,
    state,
    reason,
    generation: opened?.generation ?? previous?.generation ?? 0,
    resumeStep: opened?.resumeStep ?? 0,
    workers,
    wanted: scaledTo(),
    stop: requested(),
  }));

  /** What a stop request makes of a run that no generation trains. A queued run has nothing to pause yet. */
  const stopped = (): Ending | null => {
    const request = requested();
    if (request === 'cancel') return { state: 'cancelled', code: null, reason: 'cancelled by request', step: null };
    if (request === 'pause' && state === 'recovering')
      return { state: 'paused', code: null, reason: 'paused by request', step: null };
    return null;
  };
  const failIfEndedByAnother = (): void => {
    if (records.failure !== null) throw records.failure;
  };

  /** The generation's outcome; passes on what is asked of it meanwhile. */
  async function supervised(generation: number, preparedKey: string): Promise<GenerationOutcome> {
    let ended = false;
    let asked: StopRequest | null = null;
    const stopping = (async () => {
      for (;;) {
        await condition(() => ended || requested() !== asked);
        const request = requested();
        if (ended || request === null) return;
        asked = request;
        await requestStop({ ...ref, generation, stop: request });
      }
    })();
    try {
      for (;;) {
        const target = scaledTo();
        // Supervision keeps nothing, so another one takes over where the user has scaled the run.
        const outcome = await unlessInterrupted(
          () => scaledTo() !== target || records.failure !== null,
          () => superviseGeneration({ ...ref, generation, preparedKey, wanted: target }),
        );
        failIfEndedByAnother();
        if (outcome !== null) return outcome;
      }
    } finally {
      ended = true;
      await stopping;
    }
  }

  async function giveSlotsBack(): Promise<void> {
    await records.flushed();
    await releaseSlots(ref);
    workers = [];
  }

  async function train(): Promise<Ending> {
    let preparedKey = carried?.preparedKey ?? null;
    for (;;) {
      failIfEndedByAnother();
      const early = stopped();
      if (early !== null) return early;
      if (preparedKey === null) {
        const prepared = await unlessInterrupted(
          () => stopped() !== null,
          () => prepare(ref),
        );
        preparedKey = prepared?.preparedKey ?? null;
        continue;
      }
      const target = scaledTo();
      const leased = await unlessInterrupted(
        () => stopped() !== null || scaledTo() !== target || records.failure !== null,
        () => leaseSlots({ ...ref, wanted: target, held: workers }),
      );
      if (leased === null) continue;
      workers = leased.workers;
      const decision = {
        ...ref,
        decisionId: `${run}.${attempt}.${decisions}`,
        preparedKey,
        workers,
        wanted: target,
        spentMs,
        previous,
        reason,
      };
      const next = await unlessInterrupted(
        () => stopped() !== null,
        () => openGeneration(decision),
      );
      // What it may have opened is closed with the attempt.
      if (next === null) continue;
      decisions += 1;
      if (next.kind === 'no-workers') {
        reason = next.reason;
        if (previous !== null)
          records.add({ ...ref, kind: 'ended', ended: { ...previous, endedAtMs: Date.now() }, reason });
        await giveSlotsBack();
        continue;
      }
      const { kind: _opened, ...generation } = next;
      opened = generation;
      state = 'running';
      records.add({ ...ref, kind: 'opened', opened: generation, previous, reason });
      const beganMs = Date.now();
      const outcome = await supervised(next.generation, preparedKey);
      const endedAtMs = Date.now();
      spentMs += endedAtMs - beganMs;
      previous = { generation: next.generation, members: next.workers.length, outcome };
      const decided = decideAfterGeneration({ outcome, workers, stop: requested() }, history);
      history = decided.history;
      reason = decided.reason;
      const ending = endingOf(decided.decision, decided.reason);
      if (ending !== null) return ending;
      state = 'recovering';
      records.add({ ...ref, kind: 'ended', ended: { ...previous, endedAtMs }, reason });
      if (decided.decision.kind === 'wait-for-slot') await giveSlotsBack();
      else if (decided.decision.kind === 'retry' && decided.decision.afterMs > 0)
        await condition(() => stopped() !== null, decided.decision.afterMs);
      const long =
        workflowInfo().continueAsNewSuggested || decisions - (carried?.decisions ?? 0) >= generationsPerExecution;
      // Not before everything is recorded; where that takes long, after a later generation.
      if (long && (await condition(() => records.settled, '2 seconds')) && stopped() === null) {
        failIfEndedByAnother();
        await continueAsNew<typeof trainingRun>({
          ...input,
          carried: { preparedKey, workers, wanted: scaledTo(), decisions, spentMs, history, previous, reason },
        });
      }
    }
  }

  const ending = await train().catch((error: unknown): Ending => {
    if (error instanceof ContinueAsNew) throw error;
    const early = stopped();
    if (early !== null) return early;
    return { state: 'failed', ...failureReason(error), step: null };
  });
  await records.flushed();
  try {
    const ended = await finishRun({ ...ref, ...ending, last: previous });
    state = ended.state;
    reason = ended.reason;
    return ended;
  } catch (error) {
    await releaseSlots(ref);
    throw error;
  }
}

/** How a decision ends the run; null where it goes on. */
function endingOf(decision: RunDecision, reason: string): Ending | null {
  switch (decision.kind) {
    case 'finish':
      return { state: 'finished', code: null, reason: decision.early ?? null, step: decision.step };
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

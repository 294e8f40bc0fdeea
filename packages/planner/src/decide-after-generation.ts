import type { ErrorCode, GenerationOutcome, StopRequest, WorkerId } from '@tributary/protocol';
import { countLoss, defaultBudgets, type LossHistory, type RetryBudgets } from './retry-budget.js';

/** What becomes of the run once a generation has ended. A `step` of null means: at whatever checkpoint is committed. */
export type RunDecision =
  | { readonly kind: 'finish'; readonly step: number }
  | { readonly kind: 'cancel'; readonly step: number | null }
  | { readonly kind: 'pause'; readonly step: number | null }
  | { readonly kind: 'fail'; readonly code: ErrorCode }
  /** Open the next generation on those of the leased workers that answer. */
  | { readonly kind: 'retry' }
  /** No worker is left: give all slots back and wait for others. */
  | { readonly kind: 'wait-for-slot' };

export interface DecidedRun {
  readonly decision: RunDecision;
  readonly reason: string;
  /** The history to pass next time. */
  readonly history: LossHistory;
}

export interface EndedGeneration {
  readonly outcome: GenerationOutcome;
  readonly resumeStep: number;
  /** Workers that the run has leased. */
  readonly workers: readonly WorkerId[];
  /** What the user asked for meanwhile. */
  readonly stop: StopRequest | null;
}

/** Failures that another generation may not have: a peer's, a server's or a store's, not the run's own. */
const transientCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'PEER_SILENT',
  'GENERATION_SUPERSEDED',
  'SERVER_FAILED',
  'STACK_DOWN',
  'OBJECT_NOT_FOUND',
  'CHECKPOINT_NOT_FOUND',
  'CHECKPOINT_CORRUPT',
]);

/** Decides what a run does after a generation has ended. */
export function decideAfterGeneration(
  ended: EndedGeneration,
  history: LossHistory,
  budgets: RetryBudgets = defaultBudgets,
): DecidedRun {
  const { outcome } = ended;
  switch (outcome.kind) {
    case 'finished':
      return { decision: { kind: 'finish', step: outcome.step }, reason: `all ${outcome.step} steps done`, history };
    case 'cancelled':
      return {
        decision: { kind: 'cancel', step: outcome.step },
        reason: `cancelled by request at step ${outcome.step}`,
        history,
      };
    case 'paused':
      // A cancel that came while members were already agreeing on a pause.
      if (ended.stop === 'cancel')
        return {
          decision: { kind: 'cancel', step: outcome.step },
          reason: `cancelled by request at step ${outcome.step}`,
          history,
        };
      return {
        decision: { kind: 'pause', step: outcome.step },
        reason: outcome.reason ?? `paused by request at step ${outcome.step}`,
        history,
      };
    case 'handed-over':
      return { decision: { kind: 'retry' }, reason: outcome.reason ?? `lanes move at step ${outcome.step}`, history };
    case 'failed':
      if (!transientCodes.has(outcome.code))
        return {
          decision: { kind: 'fail', code: outcome.code as ErrorCode },
          reason: `failed at step ${outcome.step}: ${outcome.reason}`,
          history,
        };
      return decideAfterLoss(ended, outcome.step, outcome.reason, outcome.code as ErrorCode, [], history, budgets);
    case 'worker-lost':
      return decideAfterLoss(ended, outcome.step, outcome.reason, 'INTERNAL', outcome.unreachable, history, budgets);
  }
}

function decideAfterLoss(
  ended: EndedGeneration,
  step: number,
  cause: string,
  code: ErrorCode,
  unreachable: readonly string[],
  before: LossHistory,
  budgets: RetryBudgets,
): DecidedRun {
  const history = countLoss(before, ended.resumeStep, step);
  if (ended.stop !== null && ended.stop !== 'hand-over')
    return {
      decision: { kind: ended.stop, step: null },
      reason: `${ended.stop === 'cancel' ? 'cancelled' : 'paused'} by request; the generation had ended: ${cause}`,
      history,
    };
  if (history.withoutStep >= budgets.withoutStep)
    return {
      decision: { kind: 'fail', code },
      reason: `${history.withoutStep} generations in a row ended at step ${ended.resumeStep} without doing one step: ${cause}`,
      history,
    };
  if (history.losses > budgets.losses)
    return {
      decision: { kind: 'fail', code },
      reason: `${history.losses} generations in a row were lost without passing step ${history.highestStep}: ${cause}`,
      history,
    };
  if (ended.workers.every((worker) => unreachable.includes(worker)))
    return { decision: { kind: 'wait-for-slot' }, reason: `no worker is left: ${cause}`, history };
  return { decision: { kind: 'retry' }, reason: cause, history };
}

import type { ErrorCode, GenerationOutcome, StopRequest, WorkerId } from '@tributary/protocol';
import { transientCodes } from './accounting/recovery-cause.js';
import {
  budgetSpent,
  countGround,
  countLoss,
  defaultBudgets,
  type LossHistory,
  type LossKind,
  type RetryBudgets,
  retryDelayMs,
} from './retry-budget.js';

/** What becomes of the run once a generation has ended. A `step` of null means: at whatever checkpoint is committed. */
export type RunDecision =
  /** With the reason where the budget is not reached. */
  | { readonly kind: 'finish'; readonly step: number; readonly early?: string }
  | { readonly kind: 'cancel'; readonly step: number | null }
  | { readonly kind: 'pause'; readonly step: number | null }
  | { readonly kind: 'fail'; readonly code: ErrorCode }
  /** Open the next generation on those of the leased workers that answer, after a while. */
  | { readonly kind: 'retry'; readonly afterMs: number }
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
  /** Workers that the run has leased. */
  readonly workers: readonly WorkerId[];
  /** What the user asked for meanwhile. */
  readonly stop: StopRequest | null;
}

/** Decides what a run does after a generation has ended. */
export function decideAfterGeneration(
  ended: EndedGeneration,
  history: LossHistory,
  budgets: RetryBudgets = defaultBudgets,
): DecidedRun {
  const { outcome } = ended;
  switch (outcome.kind) {
    case 'finished':
      if (outcome.reason)
        return {
          decision: { kind: 'finish', step: outcome.step, early: outcome.reason },
          reason: outcome.reason,
          history,
        };
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
      return {
        decision: { kind: 'retry', afterMs: 0 },
        reason: outcome.reason ?? `lanes moved at step ${outcome.step}`,
        history: countGround(history, outcome.step),
      };
    case 'failed':
      if (!transientCodes.has(outcome.code))
        return {
          decision: { kind: 'fail', code: outcome.code as ErrorCode },
          reason: `failed at step ${outcome.step}: ${outcome.reason}`,
          history,
        };
      return decideAfterLoss(ended, { ...outcome, kind: 'infrastructure', unreachable: [] }, history, budgets);
    case 'worker-lost':
      return decideAfterLoss(
        ended,
        { ...outcome, kind: outcome.crashed ? 'code' : 'worker', code: 'INTERNAL' },
        history,
        budgets,
      );
  }
}

interface Loss {
  readonly kind: LossKind;
  readonly step: number;
  readonly reason: string;
  readonly code: string;
  readonly unreachable: readonly string[];
}

function decideAfterLoss(
  ended: EndedGeneration,
  { kind, step, reason, code, unreachable }: Loss,
  before: LossHistory,
  budgets: RetryBudgets,
): DecidedRun {
  const history = countLoss(before, kind, step);
  if (ended.stop !== null && ended.stop !== 'hand-over')
    return {
      decision: { kind: ended.stop, step: null },
      reason: `${ended.stop === 'cancel' ? 'cancelled' : 'paused'} by request; the generation had ended: ${reason}`,
      history,
    };
  const spent = budgetSpent(history, kind, budgets);
  if (spent !== null)
    return { decision: { kind: 'fail', code: code as ErrorCode }, reason: `${spent}: ${reason}`, history };
  if (ended.workers.every((worker) => unreachable.includes(worker)))
    return { decision: { kind: 'wait-for-slot' }, reason: `no worker is left: ${reason}`, history };
  return { decision: { kind: 'retry', afterMs: retryDelayMs(history, kind) }, reason, history };
}

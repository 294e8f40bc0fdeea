/** How many generations a run may lose. */
export interface RetryBudgets {
  /** Generations lost in a row without reaching a step that the run had not reached before. */
  readonly losses: number;
  /** Generations lost in a row without doing a single step: the fault lies in the run or its workers, not in bad luck. */
  readonly withoutStep: number;
}

export const defaultBudgets: RetryBudgets = { losses: 20, withoutStep: 3 };

/** What the budgets are counted from; of constant size however many generations a run has. */
export interface LossHistory {
  readonly losses: number;
  readonly withoutStep: number;
  /** The highest step that any generation has reached. */
  readonly highestStep: number;
}

export const noLosses: LossHistory = { losses: 0, withoutStep: 0, highestStep: 0 };

/** Counts a lost generation that began at `resumeStep` and reached `step`. New ground resets the count of losses. */
export function countLoss(history: LossHistory, resumeStep: number, step: number): LossHistory {
  return {
    losses: step > history.highestStep ? 1 : history.losses + 1,
    withoutStep: step > resumeStep ? 0 : history.withoutStep + 1,
    highestStep: Math.max(history.highestStep, step),
  };
}

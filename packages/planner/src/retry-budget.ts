/** Whose fault a lost generation is; each has a budget of its own. */
export type LossKind = 'worker' | 'code' | 'infrastructure';

/** How many generations in a row, without new ground, a run may lose before it fails. */
export type RetryBudgets = Readonly<Record<LossKind, number>>;

export const defaultBudgets: RetryBudgets = { worker: 20, code: 3, infrastructure: 50 };

/** What the budgets are counted from; of constant size however many generations a run has. */
export interface LossHistory {
  /** Losses since the run last reached a step that it had not reached before. */
  readonly losses: Readonly<Record<LossKind, number>>;
  /** The highest step that any generation has reached. */
  readonly highestStep: number;
}

export const noLosses: LossHistory = { losses: { worker: 0, code: 0, infrastructure: 0 }, highestStep: 0 };

/** Counts a lost generation that reached `step`. New ground begins all counts anew. */
export function countLoss(history: LossHistory, kind: LossKind, step: number): LossHistory {
  const losses = step > history.highestStep ? noLosses.losses : history.losses;
  return {
    losses: { ...losses, [kind]: losses[kind] + 1 },
    highestStep: Math.max(history.highestStep, step),
  };
}

/** Counts the ground that a generation has made which was not lost. */
export function countGround(history: LossHistory, step: number): LossHistory {
  return step > history.highestStep ? { losses: noLosses.losses, highestStep: step } : history;
}

/** Why the budget of this kind of loss is used up; null while it is not. */
export function budgetSpent(history: LossHistory, kind: LossKind, budgets: RetryBudgets): string | null {
  const { losses, highestStep } = history;
  if (losses[kind] < budgets[kind]) return null;
  const times = `${losses[kind]} ${losses[kind] === 1 ? 'time' : 'times'} in a row`;
  switch (kind) {
    case 'code':
      return `the trainer crashed ${times} at step ${highestStep}`;
    case 'worker':
      return `workers were lost ${times} at step ${highestStep}`;
    case 'infrastructure':
      return `servers or peers failed the run ${times} at step ${highestStep}`;
  }
}

const firstDelayMs = 500;
const longestDelayMs = 30_000;

/**
 * How long to wait before another generation, in milliseconds. Servers that are away come back, so failures of theirs must not
 * use up a budget within seconds; what was lost by a worker or a crash can be tried again at once.
 */
export function retryDelayMs({ losses }: LossHistory, kind: LossKind): number {
  if (kind !== 'infrastructure' || losses.infrastructure < 2) return 0;
  return Math.min(longestDelayMs, firstDelayMs * 2 ** (losses.infrastructure - 2));
}

export const runStates = ['queued', 'running', 'recovering', 'paused', 'finished', 'failed', 'cancelled'] as const;

/** A run's state (DESIGN: "A run's life"). */
export type RunState = (typeof runStates)[number];

/** States from which a run goes on only by a user's `resume`. */
export const restingStates: readonly RunState[] = ['paused', 'finished', 'failed', 'cancelled'];

export function isResting(state: RunState): boolean {
  return restingStates.includes(state);
}

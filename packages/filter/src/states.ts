import { type RunState, runStates } from '@tributary/protocol';

/** A run's status as MLflow calls it. */
export type MlflowStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

const mlflowStatuses: Readonly<Record<RunState, MlflowStatus>> = {
  queued: 'SCHEDULED',
  running: 'RUNNING',
  recovering: 'RUNNING',
  paused: 'SCHEDULED',
  finished: 'FINISHED',
  failed: 'FAILED',
  cancelled: 'KILLED',
};

/** What MLflow's readers are told of a state; `status = '…'` finds the same runs. */
export function mlflowStatus(state: RunState): MlflowStatus {
  return mlflowStatuses[state];
}

/** Every word for a state: ours in lower case, MLflow's in capitals. */
export const spokenStates: readonly string[] = [...runStates, ...new Set(Object.values(mlflowStatuses))];

/** The states that a word of a filter means; undefined where it means none. MLflow's words are capitals, as MLflow has them. */
export function findStates(word: string): readonly RunState[] | undefined {
  const own = runStates.find((state) => state === word);
  if (own !== undefined) return [own];
  const states = runStates.filter((state) => mlflowStatuses[state] === word);
  return states.length === 0 ? undefined : states;
}

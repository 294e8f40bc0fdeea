import type { Lane } from '@tributary/protocol';

/** Names of all parts of a run's snapshots and checkpoints in canonical order: shared, tasks in run-file order, lanes in lane order. */
export function partNames(tasks: readonly string[], lanes: readonly Lane[]): string[] {
  return ['shared', ...tasks.map((task) => `task-${task}`), ...lanes.map(({ lane }) => `lane-${lane}`)];
}

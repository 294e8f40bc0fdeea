import type { Lane, LaneIndex, TaskName } from '@tributary/protocol';

/** The run's lanes in run-file order: all replicas of the first task, then of the second. Their numbers never change. */
export function lanesOf(spec: {
  readonly tasks: readonly { readonly name: string; readonly replicas: number }[];
}): Lane[] {
  return spec.tasks
    .flatMap((task) =>
      Array.from({ length: task.replicas }, (_, replica) => ({
        task: task.name as TaskName,
        replica,
        replicas: task.replicas,
      })),
    )
    .map((lane, index) => ({ lane: index as LaneIndex, ...lane }));
}

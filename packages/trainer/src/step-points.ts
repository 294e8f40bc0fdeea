import type { StepResult } from '@tributary/collectives';
import type { Lane, Point, StepMatrix, TimingPoint } from '@tributary/protocol';

/** What the members' exchange says of a step that does not depend on who computed it. */
export type RecordedResult = Pick<
  StepResult,
  'losses' | 'norm' | 'coefficients' | 'presentTasks' | 'matrices' | 'skipped'
>;

/** Mean loss of each of these tasks over its lanes. */
export function taskLosses(
  lanes: readonly Lane[],
  losses: ArrayLike<number>,
  present: readonly string[],
): Record<string, number> {
  return Object.fromEntries(
    present.map((task) => {
      const own = lanes.filter((lane) => lane.task === task).map(({ lane }) => losses[lane] ?? Number.NaN);
      return [task, own.reduce((sum, loss) => sum + loss, 0) / own.length];
    }),
  );
}

/** The tasks with a lane in a step, in run-file order. */
export function presentTasks(tasks: readonly string[], { presentTasks: present }: RecordedResult): string[] {
  return tasks.filter((_, index) => present.includes(index));
}

/** The points of one step, of the tasks that took part. Member 0 records them. */
export function pointsOfStep(
  lanes: readonly Lane[],
  tasks: readonly string[],
  step: number,
  result: RecordedResult,
  learningRate: number,
): Point[] {
  const points: Point[] = [
    { subject: 'run', series: 'grad_norm', step, value: result.norm },
    { subject: 'run', series: 'learning_rate', step, value: learningRate },
  ];
  const present = presentTasks(tasks, result);
  const losses = taskLosses(lanes, result.losses, present);
  for (const task of present) {
    points.push({ subject: `task:${task}`, series: 'train.loss', step, value: losses[task] ?? Number.NaN });
    // Where a lane was not finite, none were weighed.
    if (result.skipped === 'lanes') continue;
    const weight = result.coefficients[tasks.indexOf(task)] ?? Number.NaN;
    points.push({ subject: `task:${task}`, series: 'weight', step, value: weight });
  }
  for (const { lane, task, replicas } of lanes) {
    if (replicas > 1 && present.includes(task))
      points.push({ subject: `lane:${lane}`, series: 'train.loss', step, value: result.losses[lane] ?? Number.NaN });
  }
  return points;
}

/** The inner products and coefficients of the tasks that took part, by group; none where some lane was not finite: all are zeros then. */
export function matricesOfStep(
  step: number,
  { matrices, presentTasks: present, skipped }: RecordedResult,
): StepMatrix[] {
  if (skipped === 'lanes' || present.length === 0) return [];
  return matrices.map(({ group, gram, coefficients }) => ({
    group,
    step,
    tasks: present,
    gram: present.flatMap((task, place) =>
      present.slice(place).map((other) => gram[task * coefficients.length + other] ?? Number.NaN),
    ),
    coefficients: present.map((task) => coefficients[task] ?? Number.NaN),
  }));
}

/** Cosine between the gradients of each pair of tasks that took part, by their places; none where a gradient is zero or not finite. */
export function cosinesOfStep({
  gram,
  presentTasks: present,
}: Pick<StepResult, 'gram' | 'presentTasks'>): { task: number; other: number; cosine: number }[] {
  const size = Math.sqrt(gram.length);
  const at = (row: number, column: number): number => gram[row * size + column] ?? Number.NaN;
  return present
    .flatMap((task, place) =>
      present.slice(place + 1).map((other) => {
        const cosine = at(task, other) / (Math.sqrt(at(task, task)) * Math.sqrt(at(other, other)));
        return { task, other, cosine };
      }),
    )
    .filter(({ cosine }) => Number.isFinite(cosine));
}

/** Durations of one step, which may differ when it is done again. */
export function timingsOfStep(
  generation: number,
  step: number,
  seconds: Readonly<Record<string, number>>,
): TimingPoint[] {
  return Object.entries(seconds).map(([series, value]) => ({ subject: 'run', series, step, value, generation }));
}

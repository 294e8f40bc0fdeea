import type { StepResult } from '@tributary/collectives';
import type { Lane, Point, TimingPoint } from '@tributary/protocol';

/** Mean loss of each task over its lanes. */
export function taskLosses(lanes: readonly Lane[], losses: ArrayLike<number>): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { lane, task } of lanes) {
    const entry = sums.get(task) ?? { sum: 0, count: 0 };
    entry.sum += losses[lane] ?? Number.NaN;
    entry.count += 1;
    sums.set(task, entry);
  }
  return Object.fromEntries([...sums].map(([task, { sum, count }]) => [task, sum / count]));
}

/** The points of one step that do not depend on who computed it. Member 0 records them. */
export function pointsOfStep(
  lanes: readonly Lane[],
  tasks: readonly string[],
  result: StepResult,
  learningRate: number,
): Point[] {
  const { step } = result;
  const points: Point[] = [
    { subject: 'run', series: 'grad_norm', step, value: result.norm },
    { subject: 'run', series: 'learning_rate', step, value: learningRate },
  ];
  const losses = taskLosses(lanes, result.losses);
  tasks.forEach((task, index) => {
    points.push({ subject: `task:${task}`, series: 'train.loss', step, value: losses[task] ?? Number.NaN });
    points.push({ subject: `task:${task}`, series: 'weight', step, value: result.coefficients[index] ?? Number.NaN });
  });
  for (const { lane, replicas } of lanes) {
    if (replicas > 1)
      points.push({ subject: `lane:${lane}`, series: 'train.loss', step, value: result.losses[lane] ?? Number.NaN });
  }
  return points;
}

/** Durations of one step, which may differ when it is done again. */
export function timingsOfStep(
  generation: number,
  step: number,
  seconds: Readonly<Record<string, number>>,
): TimingPoint[] {
  return Object.entries(seconds).map(([series, value]) => ({ subject: 'run', series, step, value, generation }));
}

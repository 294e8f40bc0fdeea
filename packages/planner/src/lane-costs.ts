import type { Lane } from '@tributary/protocol';
import { expectedMicrobatches, type ScheduledRun } from './task-schedule.js';

/** What is known of a task's training data. */
export interface TrainingData {
  readonly examples: number;
  /** Of a pair, source and target; left out: not known. */
  readonly meanTokens?: number | undefined;
}

/** Least microbatches a step that a lane counts for: one that is hardly ever drawn still keeps state, and is evaluated. */
const leastMicrobatches = 0.01;

/**
 * Time of a mean step of each lane beside the others, for placement alone: `tasks[].cost` times the microbatches that its
 * sampling and windows let expect. A task without `cost` costs by the mean length of its pairs, 1 on average over all tasks.
 * @param data by task; a task that it lacks counts as one example
 */
export function laneCosts(
  spec: ScheduledRun,
  lanes: readonly Lane[],
  data: Readonly<Record<string, TrainingData>>,
): number[] {
  const of = (task: string): TrainingData | undefined => (Object.hasOwn(data, task) ? data[task] : undefined);
  const examples = Object.fromEntries(spec.tasks.map(({ name }) => [name, Math.max(1, of(name)?.examples ?? 1)]));
  const tokens = spec.tasks.map(({ name }) => of(name)?.meanTokens ?? 0);
  const known = tokens.every((count) => count > 0);
  const mean = tokens.reduce((sum, count) => sum + count, 0) / tokens.length;
  const microbatches = expectedMicrobatches(spec, examples);
  const costs = new Map(
    spec.tasks.map(({ name, cost }, index) => {
      const batch = cost ?? (known ? (tokens[index] as number) / mean : 1);
      return [name, batch * Math.max(leastMicrobatches, microbatches[index] as number)];
    }),
  );
  return lanes.map(({ task }) => costs.get(task) ?? 1);
}

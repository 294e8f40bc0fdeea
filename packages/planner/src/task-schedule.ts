import type { RunFile } from '@tributary/config';
import { type Lane, TributaryError } from '@tributary/protocol';
import { randomStream } from '@tributary/random';
import { fractionalPower } from './fractional-power.js';

/** The part of a run file that a schedule of tasks follows from. */
export type ScheduledRun = Pick<RunFile, 'seed' | 'tasks' | 'sampling' | 'batch' | 'budget'>;

/** Microbatches of one lane of each task in a step (1, 2, …), tasks in run-file order; 0: the task is absent. */
export type TaskSchedule = (step: number) => readonly number[];

/**
 * Which tasks take part in each step, and with how many microbatches. A step's draws come from its own stream: every host,
 * restart and resume has the same schedule, and nothing is kept.
 * @param examples training examples of each task
 * @throws TributaryError `SPEC_INVALID`, when called, for a step in which no task takes part
 */
export function taskSchedule(spec: ScheduledRun, examples: Readonly<Record<string, number>>): TaskSchedule {
  const { seed, sampling } = spec;
  const multiples = spec.tasks.map(({ microbatches }) => microbatches * spec.batch.microbatches);
  return (step) => {
    const shares = sharesOfStep(spec, examples, step);
    if (sampling.kind === 'all')
      return multiples.map((multiple, task) => ((shares[task] as number) > 0 ? multiple : 0));
    const counts = new Array<number>(multiples.length).fill(0);
    const total = shares.reduce((sum, share) => sum + share, 0);
    const stream = randomStream(seed, 'sampling', step);
    for (let draw = 0; draw < sampling.draws; draw++) {
      const task = drawn(shares, stream.uniform() * total);
      counts[task] = (counts[task] as number) + 1;
    }
    return counts.map((count, task) => count * (multiples[task] as number));
  };
}

/** The task in whose stretch of the line of shares a point lies. */
function drawn(shares: readonly number[], point: number): number {
  let last = -1;
  let end = 0;
  for (const [task, share] of shares.entries()) {
    if (share <= 0) continue;
    last = task;
    end += share;
    if (point < end) break;
  }
  return last;
}

/** Chances of the tasks in a step, on any scale; 0 for those that take no part. */
function sharesOfStep(spec: ScheduledRun, examples: Readonly<Record<string, number>>, step: number): number[] {
  const { tasks, sampling, budget } = spec;
  const active = tasks.map(({ steps: { from, until } }) => step >= from && step <= (until ?? Number.POSITIVE_INFINITY));
  const scale = (size: (task: string) => number): number[] =>
    tasks.map(({ name }, index) => (active[index] ? size(name) : 0));
  const shares = ((): number[] => {
    if (sampling.kind === 'all') return scale(() => 1);
    if (sampling.kind === 'proportions')
      return scale((task) => (Object.hasOwn(sampling.proportions, task) ? (sampling.proportions[task] as number) : 0));
    const { temperature, final = temperature } = sampling;
    const progress = budget.steps > 1 ? Math.min(1, (step - 1) / (budget.steps - 1)) : 0;
    const exponent = 1 / (temperature + (final - temperature) * progress);
    const largest = Math.max(...scale((task) => examplesOf(examples, task)));
    return scale((task) => fractionalPower(examplesOf(examples, task) / largest, exponent));
  })();
  if (shares.every((share) => share <= 0))
    throw new TributaryError(
      'SPEC_INVALID',
      `No task takes part in step ${step}; widen tasks[].steps, or give a share to a task of that step in sampling.proportions.`,
    );
  return shares;
}

function examplesOf(examples: Readonly<Record<string, number>>, task: string): number {
  const count = Object.hasOwn(examples, task) ? examples[task] : undefined;
  if (count === undefined || !(count > 0)) throw new RangeError(`the number of examples of task "${task}" is ${count}`);
  return count;
}

/** A schedule by lane: all lanes of a task have its number of microbatches. */
export function laneSchedule(
  schedule: TaskSchedule,
  tasks: readonly { readonly name: string }[],
  lanes: readonly Lane[],
): (step: number) => readonly number[] {
  const taskOf = lanes.map(({ task }) => tasks.findIndex(({ name }) => name === task));
  return (step) => {
    const counts = schedule(step);
    return taskOf.map((task) => counts[task] ?? 0);
  };
}

/** Most microbatches that one lane of a task can have in a step. */
export function mostMicrobatches({ tasks, sampling, batch }: ScheduledRun, task: string): number {
  const multiple = (tasks.find(({ name }) => name === task)?.microbatches ?? 1) * batch.microbatches;
  return sampling.kind === 'all' ? multiple : multiple * sampling.draws;
}

/** Steps of a budget that an expectation looks at. */
const expectationSteps = 64;

/** Mean microbatches of one lane of each task in a step, over the budget. */
export function expectedMicrobatches(spec: ScheduledRun, examples: Readonly<Record<string, number>>): number[] {
  const { tasks, sampling, batch, budget } = spec;
  const looks = Math.min(expectationSteps, budget.steps);
  const sums = new Array<number>(tasks.length).fill(0);
  for (let look = 0; look < looks; look++) {
    const shares = sharesOfStep(spec, examples, 1 + Math.floor((look * budget.steps) / looks));
    const total = shares.reduce((sum, share) => sum + share, 0);
    shares.forEach((share, task) => {
      sums[task] = (sums[task] as number) + (sampling.kind === 'all' ? share : (sampling.draws * share) / total);
    });
  }
  return tasks.map(({ microbatches }, task) => ((sums[task] as number) / looks) * microbatches * batch.microbatches);
}

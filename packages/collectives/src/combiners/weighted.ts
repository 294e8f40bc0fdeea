import type { Combiner } from '../combiner.js';
import { dividedBySum } from './dense.js';

/**
 * Linear scalarisation, the default and the baseline of every claim (Kurin 2022; Xin 2022): the run file's task weights times
 * the microbatches that a lane of each task has in the step, divided by their sum over the present tasks, so that equal
 * weights give the mean of the task gradients and the learning rate does not depend on the number of tasks.
 *
 * The gradients are not looked at: any of them, zero, equal or opposite, have the same weights.
 *
 * @param taskWeights [T]
 */
export function weightedCombiner(taskWeights: readonly number[]): Combiner {
  for (const weight of taskWeights)
    if (!(Number.isFinite(weight) && weight > 0))
      throw new RangeError(`a task weight is ${weight}; it must be above 0`);
  return ({ tasks, shares, state }) => ({
    weights: dividedBySum(Float64Array.from(tasks, (task, p) => (taskWeights[task] as number) * (shares[p] as number))),
    state,
  });
}

/** The present tasks' weights in the run file, divided by their sum: what a kind that takes a preference prefers. */
export const preference = (taskWeights: readonly number[], tasks: readonly number[]): Float64Array =>
  dividedBySum(Float64Array.from(tasks, (task) => taskWeights[task] as number));

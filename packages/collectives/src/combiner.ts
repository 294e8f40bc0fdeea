/** State that a combiner carries from step to step; it is in the checkpoint: vectors over all T tasks, or scalars as `[x]`. */
export type CombinerState = Readonly<Record<string, readonly number[]>>;

export interface CombinerInput {
  /** P×P inner products of the present tasks' mean gradients, row by row. */
  readonly gram: Float64Array;
  /** [P]: mean loss of each present task's lanes. */
  readonly losses: Float64Array;
  /** [P]: the present tasks' places among all. */
  readonly tasks: readonly number[];
  /** T, of all tasks. */
  readonly taskCount: number;
  /** [P]: microbatches of a lane of each present task. */
  readonly shares: Float64Array;
  readonly step: number;
  readonly state: CombinerState;
}

export interface CombinerOutput {
  /** [P]: the combined gradient is Σ weights[p]·g[p]. */
  readonly weights: Float64Array;
  readonly state: CombinerState;
}

/** A pure function of the Gram matrix, the losses and its state (COMBINERS: `Weighting(G) -> w`). */
export type Combiner = (input: CombinerInput) => CombinerOutput;

/**
 * Linear scalarisation: the run file's task weights times the microbatches that a lane of each task has in the step, divided by
 * their sum over the present tasks, so that equal weights give the mean of the task gradients and the learning rate does not
 * depend on the number of tasks.
 *
 * @param taskWeights [T]
 */
export function weightedCombiner(taskWeights: readonly number[]): Combiner {
  for (const weight of taskWeights)
    if (!(Number.isFinite(weight) && weight > 0))
      throw new RangeError(`a task weight is ${weight}; it must be above 0`);
  return ({ tasks, shares, state }) => {
    const weights = Float64Array.from(tasks, (task, p) => (taskWeights[task] as number) * (shares[p] as number));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { weights: weights.map((weight) => weight / sum), state };
  };
}

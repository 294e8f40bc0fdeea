/** State that a combiner carries from step to step; it is in the checkpoint. `weighted` has none. */
export type CombinerState = Readonly<Record<string, readonly number[]>>;

export interface CombinerInput {
  /** T×T inner products of the tasks' mean gradients, row by row. */
  readonly gram: Float64Array;
  /** Mean loss of each task's lanes. */
  readonly losses: Float64Array;
  readonly state: CombinerState;
}

export interface CombinerOutput {
  /** One coefficient for each task: the combined gradient is Σ weights[t]·g[t]. */
  readonly weights: Float64Array;
  readonly state: CombinerState;
}

/** A pure function of the Gram matrix, the losses and its state (COMBINERS: `Weighting(G) -> w`). */
export type Combiner = (input: CombinerInput) => CombinerOutput;

/**
 * Linear scalarisation: the run file's task weights, divided by their sum, so that equal weights give the mean of the task
 * gradients and the learning rate does not depend on the number of tasks.
 */
export function weightedCombiner(taskWeights: readonly number[]): Combiner {
  let sum = 0;
  for (const weight of taskWeights) {
    if (!(Number.isFinite(weight) && weight > 0))
      throw new RangeError(`a task weight is ${weight}; it must be above 0`);
    sum += weight;
  }
  const weights = Float64Array.from(taskWeights, (weight) => weight / sum);
  return ({ state }) => ({ weights: weights.slice(), state });
}

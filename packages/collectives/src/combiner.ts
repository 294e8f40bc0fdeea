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

/**
 * A pure function of the tasks' inner products, their losses and its own state (COMBINERS: `Weighting(G) -> w`): what is not in
 * these, it cannot use. All arithmetic is float64 in a fixed order with fixed limits on iterations, so that every member has the same
 * weights, bit for bit; kinds marked * also use Math.exp, log or pow, whose last bit one kind of processor and Node decides.
 *
 * | kind | weights | state |
 * |---|---|---|
 * | `weighted` | task weight × share of the step, sum 1 | |
 * | `pcgrad` | mean of the gradients, each projected off those it conflicts with | |
 * | `gradvac` | the same with cosines that follow those seen | T×T |
 * | `mgda` | shortest vector in the gradients' hull, sum 1 | |
 * | `cagrad` | mean + c‖mean‖ towards what helps the worst-off task | |
 * | `imtl-g` | equal projections on the gradients, sum 1 | |
 * | `aligned-mtl` | principal components at one length | |
 * | `nash-mtl` | bargaining solution, sum 1 | |
 * | `upgrad` | mean of the gradients, each projected to where it conflicts with none | |
 * | `gradnorm`* | learned: balances gradient norms and training rates, sum 1 | T |
 * | `db-mtl` | gradients at the norm of the longest of the log losses' | |
 * | `uncertainty`* | learned variances of the losses, sum 1 | T |
 * | `dwa`* | softmax of the losses' descent over windows, sum 1 | T |
 * | `imtl-l`* | learned scales of the losses, sum 1 | T |
 * | `stch`* | softmax of the losses, sum 1 | |
 * | `famo`* | learned: all log losses fall alike, sum 1 | T |
 *
 * The input is never changed. Each kind's file says what it does with gradients that are zero or cancel each other, and what
 * stands for whatever a paper takes from elsewhere.
 */
export type Combiner = (input: CombinerInput) => CombinerOutput;

/** One update of a flat vector of parameters, or of any range of it: every element stands alone. */
export interface OptimizerUpdate {
  /** The number of updates before this one: 0 for the first. */
  readonly step: number;
  readonly parameters: Float32Array;
  readonly gradient: Float32Array;
  /** Values of the slots at `step`, in the order of `slots`; zeros at step 0. */
  readonly state: readonly Float32Array[];
  /** Receives the parameters after the update; must not be `parameters` where that state is still needed. */
  readonly nextParameters: Float32Array;
  /** Receives the slots after the update. */
  readonly nextState: readonly Float32Array[];
}

/**
 * Builds state k+1 beside state k. Arithmetic is float64 in a fixed order, rounded once on store, by operations that
 * IEEE 754 defines exactly: the same bits on every backend, host and JavaScript engine.
 */
export interface Optimizer {
  /** Names of the arrays of state that each parameter vector has, of its length. */
  readonly slots: readonly string[];
  /** The learning rate of the update at `step`. */
  learningRate(step: number): number;
  apply(update: OptimizerUpdate): void;
}

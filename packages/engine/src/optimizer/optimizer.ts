import type { ElementRange } from '@tributary/layout';

/** One update of a flat vector of parameters, or of any range of it: every element stands alone. */
export interface OptimizerUpdate {
  /** Where the run stands on its schedule of learning rates: 0 for its first step. */
  readonly step: number;
  /**
   * Updates of this vector before this one, which its moments have seen; bias corrections count them. Fewer than `step` where
   * steps left the vector alone. Default: `step`.
   */
  readonly updates?: number;
  readonly parameters: Float32Array;
  readonly gradient: Float32Array;
  /** Values of the slots before the update, in the order of `slots`; zeros before the first. */
  readonly state: readonly Float32Array[];
  /** Receives the parameters after the update; must not be `parameters` where that state is still needed. */
  readonly nextParameters: Float32Array;
  /** Receives the slots after the update. */
  readonly nextState: readonly Float32Array[];
  /** Weights that decay, in order and apart from each other; only `adamw` and `lion` ask. Default: none. */
  readonly decayed?: readonly ElementRange[];
}

/**
 * Builds state k+1 beside state k. Arithmetic on elements is float32 in a fixed order, each operation rounded as IEEE 754
 * says and none fused, by a WebAssembly kernel or by JavaScript: the same bits on every backend, host and JavaScript
 * engine. The numbers that all elements share (learning rate, bias corrections) are computed in float64 and rounded once.
 * Slots lose values too small for a normal float32 at every 64th update. Which payload a NaN has is left open by both; a step that is not finite must not be applied.
 */
export interface Optimizer {
  /** Names of the arrays of state that each parameter vector has, of its length. */
  readonly slots: readonly string[];
  /** The learning rate of the update at `step`. */
  learningRate(step: number): number;
  /**
   * Zeroed vectors of these lengths on shared memory, for parameters and slots: updates of them are fastest. Those of one
   * update belong next to each other. Vectors from elsewhere work as well; they are copied through a cache-sized block.
   */
  allocate(lengths: readonly number[]): Float32Array<SharedArrayBuffer>[];
  apply(update: OptimizerUpdate): void;
}

/** Updates of the vector before this one. */
export const updatesOf = ({ step, updates }: OptimizerUpdate): number => updates ?? step;

import type { Tensor } from '@tributary/engine';
import type { InitialValues } from './parameters.js';

/** Tensors f32[B, H] that a cell carries from step to step; the first is also its output. */
export type CellState = readonly Tensor[];
/** Gradients of a state; undefined: zero. */
export type StateGradients = readonly (Tensor | undefined)[];

/**
 * A recurrent cell. One product of the previous output with one matrix gives the recurrent side of all its gates, and the
 * input side is computed for a whole sequence at once.
 */
export interface Cell {
  /** Columns of the two matrices, as multiples of the hidden size. */
  readonly gates: number;
  /** Tensors in a state. */
  readonly stateParts: number;
  /** How its bias f32[gates * H] begins. */
  bias(hidden: number): InitialValues;
  /** Widths of the blocks in which `step` wants the recurrent product. */
  productBlocks(hidden: number): readonly number[];
  /**
   * @param input the input times its weights plus the bias, f32[B, gates * H]
   * @param products the previous output times the recurrent matrix, in blocks
   * @param mask f32[B, 1], 1 or 0; a row of 0 keeps its state to the last bit. undefined: every row advances
   */
  step(input: Tensor, products: readonly Tensor[], previous: CellState, mask: Tensor | undefined): CellStep;
}

/**
 * Backward passes in this package are written by hand: the gradients of weights that serve every step then are one product
 * over all steps instead of one for each step and their sum.
 */
export interface CellStep {
  readonly state: CellState;
  readonly previous: CellState;
  backward(gradient: StateGradients): {
    /** Of the previous state, without the part that passes through the recurrent product. */
    readonly previous: StateGradients;
    /** f32[B, gates * H] */
    readonly input: Tensor;
    /** In blocks. */
    readonly products: readonly Tensor[];
  };
}

import { operations, type Tensor, tf } from '@tributary/engine';
import type { Cell, CellState, CellStep, StateGradients } from './recurrent-cell.js';

/** One direction of one recurrent layer over a whole sequence. */
export interface DirectionPass {
  /** Output after each step, in the order of the sequence (also for `backward`), f32[B, H] each. */
  readonly outputs: readonly Tensor[];
  /** State after the last step taken: of the last symbol forward, of the first symbol backward. */
  readonly final: CellState;
  /**
   * @param ofOutputs gradient of each output, in the order of the sequence, f32[B, H] each
   * @param ofFinal gradient of `final`
   */
  backward(
    ofOutputs: readonly Tensor[],
    ofFinal: StateGradients,
  ): {
    /** f32[S * B, gates * H], time-major */
    readonly input: Tensor;
    /** f32[H, gates * H] */
    readonly recurrent: Tensor;
  };
}

export const sumOf = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined =>
  a && b ? tf.add(a, b) : (a ?? b);

/**
 * Runs from a zero state. A masked step leaves the state alone: backward, it stays zero through a row's padding and starts
 * at the row's last real symbol.
 *
 * @param inputs input times the input weights plus the bias, f32[B, gates * H] for each step, in the order of the sequence
 * @param masks f32[B, 1] for each step
 * @param recurrent f32[H, gates * H]
 */
export function directionPass(
  cell: Cell,
  inputs: readonly Tensor[],
  masks: readonly Tensor[],
  recurrent: Tensor,
  direction: 'forward' | 'backward',
): DirectionPass {
  const length = inputs.length;
  const [hidden, width] = recurrent.shape as [number, number];
  const batch = (inputs[0] as Tensor).shape[0] as number;
  const blocks = [...cell.productBlocks(hidden)];
  const order = Array.from({ length }, (_, i) => (direction === 'forward' ? i : length - 1 - i));
  const steps: CellStep[] = new Array(length);
  const start: Tensor = tf.zeros([batch, hidden]);
  let state: CellState = Array.from({ length: cell.stateParts }, () => start);
  for (const position of order) {
    const product = tf.matMul(state[0] as Tensor, recurrent);
    const products = blocks.length === 1 ? [product] : tf.split(product, blocks, 1);
    const step = cell.step(inputs[position] as Tensor, products, state, masks[position]);
    steps[position] = step;
    state = step.state;
  }
  return {
    outputs: steps.map((step) => step.state[0] as Tensor),
    final: state,
    backward(ofOutputs, ofFinal) {
      const ofInputs: Tensor[] = new Array(length);
      const ofProducts: Tensor[] = new Array(length);
      const backThrough = operations.transposedFactor(recurrent);
      let carried = ofFinal;
      for (let i = length - 1; i >= 0; i--) {
        const position = order[i] as number;
        const step = steps[position] as CellStep;
        const gradient = step.backward([sumOf(ofOutputs[position], carried[0]), ...carried.slice(1)]);
        const products = join(gradient.products, 1);
        ofInputs[position] = gradient.input;
        ofProducts[position] = products;
        if (i > 0) {
          const [direct, ...rest] = gradient.previous;
          carried = [sumOf(direct, backThrough(products)), ...rest];
        }
      }
      // The first step's previous state is zero, so it adds nothing to the recurrent weights' gradient.
      const later = order.slice(1);
      const of = (tensors: (position: number) => Tensor | undefined): Tensor =>
        tf.concat(
          later.map((position) => tensors(position) as Tensor),
          0,
        );
      return {
        input: tf.concat(ofInputs, 0),
        recurrent:
          later.length === 0
            ? tf.zeros([hidden, width])
            : tf.matMul(
                of((position) => steps[position]?.previous[0]),
                of((position) => ofProducts[position]),
                true,
                false,
              ),
      };
    },
  };
}

/** Tensors side by side along an axis; one stays as it is. */
export const join = (tensors: readonly Tensor[], axis: number): Tensor =>
  tensors.length === 1 ? (tensors[0] as Tensor) : tf.concat([...tensors], axis);

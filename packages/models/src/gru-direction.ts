import { type Tensor, tf } from '@tributary/engine';
import { type CellStep, cellStep, cellStepGradients } from './gru-cell.js';

/** One direction of one recurrent layer over a whole sequence. */
export interface DirectionPass {
  /** State after each step, in the order of the sequence (also for `backward`), f32[B, H] each. */
  readonly states: readonly Tensor[];
  /** State after the last step taken: of the last symbol forward, of the first symbol backward. */
  readonly final: Tensor;
  /**
   * @param ofStates gradient of each state, in the order of the sequence
   * @param ofFinal gradient of `final`, f32[B, H]
   */
  backward(
    ofStates: readonly Tensor[] | undefined,
    ofFinal: Tensor | undefined,
  ): {
    /** f32[S * B, 3H], time-major */
    readonly input: Tensor;
    /** f32[H, 3H] */
    readonly recurrent: Tensor;
  };
}

/**
 * Runs from a zero state. A masked step leaves the state alone: backward, it stays zero through a row's padding and starts
 * at the row's last real symbol.
 *
 * @param inputs input times the input weights, f32[B, 3H] for each step, in the order of the sequence
 * @param masks f32[B, 1] for each step
 * @param recurrent f32[H, 3H]
 */
export function directionPass(
  inputs: readonly Tensor[],
  masks: readonly Tensor[],
  recurrent: Tensor,
  direction: 'forward' | 'backward',
): DirectionPass {
  const length = inputs.length;
  const [batch, width] = (inputs[0] as Tensor).shape as [number, number];
  const hidden = width / 3;
  const order = Array.from({ length }, (_, i) => (direction === 'forward' ? i : length - 1 - i));
  const steps: CellStep[] = new Array(length);
  let state: Tensor = tf.zeros([batch, hidden]);
  for (const position of order) {
    const products = tf.split(tf.matMul(state, recurrent), 3, 1) as [Tensor, Tensor, Tensor];
    const step = cellStep(inputs[position] as Tensor, products, state, masks[position]);
    steps[position] = step;
    state = step.state;
  }
  return {
    states: steps.map((step) => step.state),
    final: state,
    backward(ofStates, ofFinal) {
      const ofInputs: Tensor[] = new Array(length);
      const ofProducts: Tensor[] = new Array(length);
      let carried = ofFinal;
      for (let i = length - 1; i >= 0; i--) {
        const position = order[i] as number;
        const own = ofStates?.[position];
        const gradient = own && carried ? tf.add(own, carried) : (own ?? carried);
        if (!gradient) throw new RangeError('a recurrent layer needs the gradient of its states or of its final state');
        const cell = cellStepGradients(steps[position] as CellStep, gradient);
        const [xr, xu, xn] = cell.input;
        const products = tf.concat([xr, xu, cell.recurrentCandidate], 1);
        ofInputs[position] = tf.concat([xr, xu, xn], 1);
        ofProducts[position] = products;
        if (i > 0) carried = tf.add(cell.previous, tf.matMul(products, recurrent, false, true));
      }
      // The first step's previous state is zero, so it adds nothing to the recurrent weights' gradient.
      const later = order.slice(1);
      return {
        input: tf.concat(ofInputs, 0),
        recurrent:
          later.length === 0
            ? tf.zeros([hidden, 3 * hidden])
            : tf.matMul(
                tf.concat(
                  later.map((position) => (steps[position] as CellStep).previous),
                  0,
                ),
                tf.concat(
                  later.map((position) => ofProducts[position] as Tensor),
                  0,
                ),
                true,
                false,
              ),
      };
    },
  };
}

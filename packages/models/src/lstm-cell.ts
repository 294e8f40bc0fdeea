import { type Tensor, tf } from '@tributary/engine';
import type { Cell } from './recurrent-cell.js';

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000). Its state is the
 * output h and the cell c; all four gates come of one product:
 *
 *     i, f, o = sigmoid(x + h)      g = tanh(xg + hg)      c' = f · c + i · g      h' = o · tanh(c')
 *
 * The forget gate's bias begins at 1, so that a cell remembers before it has learned to (Jozefowicz et al. 2015). A masked
 * row keeps both h and c to the last bit.
 */
export const lstmCell: Cell = {
  gates: 4,
  stateParts: 2,
  bias: (hidden) => ({ kind: 'blocks', values: [0, 1, 0, 0], width: hidden }),
  productBlocks: (hidden) => [4 * hidden],
  step(input, products, state, mask) {
    const sums = tf.split(tf.add(input, products[0] as Tensor), 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const [hidden, cell] = state as [Tensor, Tensor];
    const write = tf.sigmoid(sums[0]);
    const keep = tf.sigmoid(sums[1]);
    const candidate = tf.tanh(sums[2]);
    const show = tf.sigmoid(sums[3]);
    const nextCell = tf.add(tf.mul(keep, cell), tf.mul(write, candidate));
    const shown = tf.tanh(nextCell);
    const nextHidden = tf.mul(show, shown);
    const closed = mask === undefined ? undefined : tf.sub(1, mask);
    const choose = (next: Tensor, previous: Tensor): Tensor =>
      mask === undefined || closed === undefined ? next : tf.add(tf.mul(next, mask), tf.mul(previous, closed));
    return {
      state: [choose(nextHidden, hidden), choose(nextCell, cell)],
      previous: state,
      backward([ofHidden, ofCell]) {
        const opened = (gradient: Tensor): Tensor => (mask === undefined ? gradient : tf.mul(gradient, mask));
        const passed = (gradient: Tensor | undefined): Tensor | undefined =>
          gradient === undefined || closed === undefined ? undefined : tf.mul(gradient, closed);
        const sum = (a: Tensor | undefined, b: Tensor): Tensor => (a === undefined ? b : tf.add(a, b));
        if (ofHidden === undefined) throw new RangeError('a cell needs the gradient of its output');
        const ofOutput = opened(ofHidden);
        const through = tf.mul(tf.mul(ofOutput, show), tf.sub(1, tf.square(shown)));
        const ofNext = sum(ofCell && opened(ofCell), through);
        const ofGates = tf.concat(
          [
            tf.mul(tf.mul(ofNext, candidate), tf.mul(write, tf.sub(1, write))),
            tf.mul(tf.mul(ofNext, cell), tf.mul(keep, tf.sub(1, keep))),
            tf.mul(tf.mul(ofNext, write), tf.sub(1, tf.square(candidate))),
            tf.mul(tf.mul(ofOutput, shown), tf.mul(show, tf.sub(1, show))),
          ],
          1,
        );
        return {
          previous: [passed(ofHidden), sum(passed(ofCell), tf.mul(ofNext, keep))],
          input: ofGates,
          products: [ofGates],
        };
      },
    };
  },
};

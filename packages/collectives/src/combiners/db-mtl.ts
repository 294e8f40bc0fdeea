import type { Combiner } from '../combiner.js';
import { entry, uniform } from './dense.js';

/** Keeps log and division inside numbers for a loss that is not above 0; the paper's code adds as much. */
const smallest = 1e-8;

/**
 * DB-MTL (Lin et al. 2023): the gradients of log Lᵢ, gᵢ/Lᵢ, all scaled to the norm of the longest of them; the mean. The paper
 * sums them, and so follows logarithms: here the result is multiplied by the loss of the task with that longest gradient,
 * so that it has the units of the losses and one task keeps its gradient: wᵢ = ‖gₘ‖/(P‖gᵢ‖), m = argmax ‖gᵢ‖/Lᵢ. The paper's
 * weights are P/Lₘ times these. Its moving average of gradients is not a function of the Gram matrix: left out (forgetting rate 0).
 *
 * A zero gradient has weight 0 (all zero: 1/P each). A loss not above 1e-8 counts as 1e-8.
 */
export const dbMtl: Combiner = ({ gram, losses, tasks, state }) => ({
  weights: balanced(gram, losses, tasks.length),
  state,
});

export function balanced(gram: Float64Array, losses: Float64Array, n: number): Float64Array {
  let longest = 0;
  let reference = 0;
  for (let i = 0; i < n; i++) {
    const norm = Math.sqrt(Math.max(0, entry(gram, n, i, i)));
    const relative = norm / Math.max(smallest, losses[i] as number);
    if (relative > longest) {
      longest = relative;
      reference = norm;
    }
  }
  if (longest === 0) return uniform(n);
  return Float64Array.from({ length: n }, (_, i) => {
    const square = entry(gram, n, i, i);
    return square > 0 ? reference / Math.sqrt(square) / n : 0;
  });
}

import type { Combiner } from '../combiner.js';
import { entry } from './dense.js';
import { drawnOrder, type ProjectionOrder } from './projection-order.js';

/**
 * Gradient surgery (Yu et al. 2020, algorithm 1): each task's gradient is projected onto the normal plane of every other
 * that it conflicts with, in a random order; the mean of the results. The paper sums them: its weights are the number of
 * present tasks times these, so that here gradients without conflict give their mean.
 *
 * A zero gradient conflicts with none (weight 1/P); opposite gradients give a zero update.
 */
export function pcgrad(seed: number): Combiner {
  return ({ gram, tasks, step, state }) => ({
    weights: projected(gram, tasks.length, drawnOrder(seed, 'pcgrad', step)),
    state,
  });
}

/** PCGrad's weights, divided by `n`, for a given order. */
export function projected(gram: Float64Array, n: number, order: ProjectionOrder): Float64Array {
  const sum = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const weights = new Float64Array(n);
    weights[i] = 1;
    for (const j of Array.from(order(i, n))) {
      const square = entry(gram, n, j, j);
      if (!(square > 0)) continue;
      let product = 0;
      for (let k = 0; k < n; k++) product += entry(gram, n, j, k) * (weights[k] as number);
      if (product < 0) weights[j] = (weights[j] as number) - product / square;
    }
    for (let k = 0; k < n; k++) sum[k] = (sum[k] as number) + (weights[k] as number);
  }
  return sum.map((weight) => weight / n);
}

import type { Combiner } from '../combiner.js';
import { entry } from './dense.js';
import { LearnedValues } from './learned-values.js';
import { softmax } from './softmax.js';
import { stateVector } from './task-state.js';

/**
 * GradNorm (Chen et al. 2018): learned weights that bring the weighted gradient norms Gᵢ = wᵢ‖gᵢ‖ to mean(G)·rᵢ^alpha, where
 * rᵢ is the task's share of its first loss, Lᵢ/Lᵢ(0), divided by the mean of these: Σ |Gᵢ - mean(G)·rᵢ^alpha|, the targets held
 * constant, goes down by a step after each use. The gradient norm is that of all shared parameters, or of the layer's with
 * `groups: layers` (the paper: the last shared layer). The weights are a softmax of learned values, which keeps them positive
 * and of constant sum (the paper renormalises), learned with Adam; here they have sum 1 (the paper: T).
 *
 * State: the learned values with their moments; `first`, each task's first loss, and `seen`. A first loss that is not
 * above 0 counts as unchanged (share 1), a later one below 0 as 0. A zero gradient pulls at nothing. Uses Math.exp and Math.pow.
 */
export function gradnorm(alpha: number, learningRate: number): Combiner {
  return ({ gram, losses, tasks, taskCount, state }) => {
    const learned = new LearnedValues(state, taskCount);
    const first = stateVector(state, 'first', taskCount, 0);
    const seen = stateVector(state, 'seen', taskCount, 0);
    tasks.forEach((task, i) => {
      if (seen[task] === 1) return;
      seen[task] = 1;
      first[task] = losses[i] as number;
    });
    const n = tasks.length;
    const weights = softmax(tasks.map((task) => learned.values[task] as number));
    const norms = Float64Array.from(tasks, (_, i) => Math.sqrt(Math.max(0, entry(gram, n, i, i))));
    const kept = Float64Array.from(tasks, (task, i) => {
      const start = first[task] as number;
      return start > 0 ? Math.max(0, losses[i] as number) / start : 1;
    });
    const slopes = valueSlopes(weights, norms, kept, alpha);
    tasks.forEach((task, i) => {
      learned.descend(task, slopes[i] as number, learningRate);
    });
    return { weights, state: { ...learned.state(), first, seen } };
  };
}

/** Slope of Σ |wᵢ‖gᵢ‖ - targetᵢ| by the values that w is the softmax of, times n: w has the sum n there, as in the paper. */
export function valueSlopes(
  weights: Float64Array,
  norms: Float64Array,
  kept: Float64Array,
  alpha: number,
): Float64Array {
  const n = weights.length;
  let mean = 0;
  let meanKept = 0;
  for (let i = 0; i < n; i++) {
    mean += (weights[i] as number) * (norms[i] as number);
    meanKept += (kept[i] as number) / n;
  }
  // Of weights of sum n, Gᵢ is n·wᵢ‖gᵢ‖ and their mean the sum above.
  const pulls = norms.map((norm, i) => {
    const rate = meanKept > 0 ? (kept[i] as number) / meanKept : 1;
    return norm * Math.sign(n * (weights[i] as number) * norm - mean * rate ** alpha);
  });
  let common = 0;
  for (let i = 0; i < n; i++) common += (weights[i] as number) * (pulls[i] as number);
  return weights.map((weight, i) => n * weight * ((pulls[i] as number) - common));
}

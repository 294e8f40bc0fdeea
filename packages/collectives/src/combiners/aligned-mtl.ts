import type { Combiner } from '../combiner.js';
import { dot } from './dense.js';
import { symmetricEigen } from './symmetric-eigen.js';
import { preference } from './weighted.js';

/** Eigenvalues below this share of the largest count as 0: gradients that depend on each other have fewer components. */
const rankTolerance = 1e-12;

/**
 * Aligned-MTL (Senushkin et al. 2023): the gradients' principal components all get the length of one of them:
 * w = √λ · VΛ^(-½)Vᵀ p over the eigenvalues of G that are not 0, λ the smallest (`scale: min`), the lower median or the
 * mean (`rmse`); p is the task weights divided by their sum.
 *
 * A zero gradient has weight 0; all zero: p. Opposite gradients give a zero update. With lengths more than 1e6 apart the
 * smaller ones fall below the rank tolerance and count as zero.
 */
export function alignedMtl(scale: 'min' | 'median' | 'rmse', taskWeights: readonly number[]): Combiner {
  return ({ gram, tasks, state }) => ({ weights: aligned(gram, scale, preference(taskWeights, tasks)), state });
}

export function aligned(gram: Float64Array, scale: 'min' | 'median' | 'rmse', preferred: Float64Array): Float64Array {
  const n = preferred.length;
  const { values, vectors } = symmetricEigen(gram, n);
  let rank = 0;
  while (rank < n && (values[rank] as number) > rankTolerance * (values[0] as number)) rank++;
  if (rank === 0) return preferred;
  const weights = new Float64Array(n);
  const target = chosen(values.subarray(0, rank), scale);
  for (let k = 0; k < rank; k++) {
    const vector = vectors[k] as Float64Array;
    const share = Math.sqrt(target / (values[k] as number)) * dot(vector, preferred);
    for (let i = 0; i < n; i++) weights[i] = (weights[i] as number) + share * (vector[i] as number);
  }
  return weights;
}

/** Of eigenvalues that lie largest first. */
function chosen(values: Float64Array, scale: 'min' | 'median' | 'rmse'): number {
  if (scale === 'min') return values[values.length - 1] as number;
  if (scale === 'median') return values[values.length >> 1] as number;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

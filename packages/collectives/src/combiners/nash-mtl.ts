import type { Combiner } from '../combiner.js';
import { cholesky, solveCholesky } from './cholesky.js';
import { dividedBySum, dot, times, uniform } from './dense.js';
import { directionsOf, spread } from './directions.js';

/** Newton steps at most; 6 to 15 are usual, gradients that cancel each other take more. */
const steps = 200;
/** On the cosines' diagonal: gives an answer also where the gradients cancel each other. */
const ridge = 1e-12;

/**
 * Nash-MTL (Navon et al. 2022): the bargaining solution Gα = 1/α, found as the minimum of ½αᵀGα - Σ log αᵢ by damped
 * Newton steps (only + - * / sqrt; the paper approximates it by a sequence of convex programs). The paper's update
 * Jᵀα has the length √T whatever the gradients; here α is divided by its sum, a weighted mean of the gradients, so that
 * the learning rate and the clipping norm mean what they mean for `weighted`. α is w·√(P / wᵀGw).
 *
 * A zero gradient gains by nothing: weight 0, the others as without it (all zero: 1/P each). Opposite gradients, or any
 * that a positive combination takes to zero, have the weights of that combination: a zero update.
 */
export const nashMtl: Combiner = ({ gram, tasks, state }) => ({ weights: bargained(gram, tasks.length), state });

export function bargained(gram: Float64Array, n: number): Float64Array {
  const directions = directionsOf(gram, n);
  const { norms, cosines } = directions;
  if (norms.length === 0) return uniform(n);
  let shortest = Number.POSITIVE_INFINITY;
  for (const norm of norms) shortest = Math.min(shortest, norm);
  const weights = solution(cosines, norms.length).map((beta, i) => beta * (shortest / (norms[i] as number)));
  return spread(n, directions, dividedBySum(weights), 0);
}

/** The β > 0 with Cβ = 1/β. ½βᵀCβ - Σ log βᵢ is self-concordant: a step divided by 1 + its decrement stays inside and descends. */
function solution(c: Float64Array, m: number): Float64Array {
  const all = Array.from({ length: m }, (_, i) => i);
  let beta = new Float64Array(m).fill(1);
  for (let step = 0; step < steps; step++) {
    const product = times(c, beta);
    const gradient = beta.map((value, i) => (product[i] as number) + ridge * value - 1 / value);
    const hessian = c.slice();
    // Scaled by β on both sides, the barrier's part is the identity and the factor stays well conditioned.
    for (let i = 0; i < m; i++)
      for (let j = 0; j < m; j++)
        hessian[i * m + j] = (hessian[i * m + j] as number) * (beta[i] as number) * (beta[j] as number);
    for (let i = 0; i < m; i++)
      hessian[i * m + i] = (hessian[i * m + i] as number) + 1 + ridge * (beta[i] as number) * (beta[i] as number);
    const scaled = gradient.map((value, i) => value * (beta[i] as number));
    const change = solveCholesky(cholesky(hessian, m, all, 0), scaled);
    const decrement = Math.sqrt(Math.max(0, dot(scaled, change)));
    const length = decrement > 0.25 ? 1 / (1 + decrement) : 1;
    beta = beta.map((value, i) => value * (1 - length * (change[i] as number)));
    if (decrement < 1e-14) break;
  }
  return beta;
}

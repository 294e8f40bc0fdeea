import type { Combiner } from '../combiner.js';
import { dividedBySum } from './dense.js';
import { directionsOf, spread } from './directions.js';
import { nonnegativeQuadratic } from './nonnegative-quadratic.js';

/**
 * The shortest vector in the convex hull of the task gradients (Désidéri 2012; Sener and Koltun 2018): min wᵀGw over the
 * simplex. Solved exactly by an active-set method, where the paper's Frank-Wolfe iteration comes near.
 *
 * A zero gradient is that shortest vector: the tasks that have one share the weight, and the update is zero. Opposite
 * gradients give a zero update too.
 */
export const mgda: Combiner = ({ gram, tasks, state }) => ({ weights: shortestInHull(gram, tasks.length), state });

/** Weights of the shortest vector in the convex hull of `n` vectors with this Gram matrix; sum 1. */
export function shortestInHull(gram: Float64Array, n: number): Float64Array {
  const directions = directionsOf(gram, n);
  const { cosines, norms } = directions;
  const m = norms.length;
  if (m < n) return spread(n, directions, new Float64Array(m), 1 / (n - m));
  // With yᵢ = wᵢ‖gᵢ‖ and aᵢ = 1/‖gᵢ‖ it is min yᵀCy with aᵀy = 1, and its y has the direction of the one that minimises
  // ½ yᵀ(C + aaᵀ)y - aᵀy over y ≥ 0, which is bounded also where 0 lies in the hull.
  let shortest = Number.POSITIVE_INFINITY;
  for (const norm of norms) shortest = Math.min(shortest, norm);
  const inverse = norms.map((norm) => shortest / norm);
  const h = cosines.map((cosine, at) => cosine + (inverse[Math.floor(at / n)] as number) * (inverse[at % n] as number));
  const y = nonnegativeQuadratic(h, inverse);
  return dividedBySum(y.map((value, i) => value * (inverse[i] as number)));
}

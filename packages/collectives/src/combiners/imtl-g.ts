import type { Combiner } from '../combiner.js';
import { dividedBySum, dot, uniform } from './dense.js';
import { directionsOf, spread } from './directions.js';
import { symmetricEigen } from './symmetric-eigen.js';

/** Eigenvalues below this share of the largest count as 0. */
const rankTolerance = 1e-12;

/**
 * IMTL-G (Liu et al. 2021): the vector whose projections on all unit task gradients are equal, with weights of sum 1:
 * v = G⁺√diag(G), w = v/Σv, the pseudo-inverse taken in cosines. As defined, some weights, and the common projection, can
 * be negative.
 *
 * A zero gradient has no direction: weight 0, the others as without it (all zero: 1/P each). Opposite gradients, or any
 * unit gradients of sum zero, have weights in inverse proportion to their lengths: a zero update. Where Σv is nothing beside v
 * (1e-12), no weights of sum 1 exist: all 0, a zero update.
 */
export const imtlG: Combiner = ({ gram, tasks, state }) => ({ weights: equalProjections(gram, tasks.length), state });

export function equalProjections(gram: Float64Array, n: number): Float64Array {
  const directions = directionsOf(gram, n);
  const { norms, cosines } = directions;
  const m = norms.length;
  if (m === 0) return uniform(n);
  const { values, vectors } = symmetricEigen(cosines, m);
  const ones = new Float64Array(m).fill(1);
  const solution = new Float64Array(m);
  vectors.forEach((vector, k) => {
    if (!((values[k] as number) > rankTolerance * (values[0] as number))) return;
    const share = dot(vector, ones) / (values[k] as number);
    for (let i = 0; i < m; i++) solution[i] = (solution[i] as number) + share * (vector[i] as number);
  });
  let shortest = Number.POSITIVE_INFINITY;
  for (const norm of norms) shortest = Math.min(shortest, norm);
  const inverse = norms.map((norm) => shortest / norm);
  if (solution.every((part) => Math.abs(part) < 1e-12)) return spread(n, directions, dividedBySum(inverse), 0);
  const v = solution.map((part, i) => part * (inverse[i] as number));
  let sum = 0;
  let size = 0;
  for (const part of v) {
    sum += part;
    size += Math.abs(part);
  }
  if (Math.abs(sum) <= 1e-12 * size) return new Float64Array(n);
  return spread(n, directions, dividedBySum(v), 0);
}

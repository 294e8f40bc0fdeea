import type { Combiner } from '../combiner.js';
import { entry } from './dense.js';
import { directionsOf, spread } from './directions.js';
import { nonnegativeQuadratic } from './nonnegative-quadratic.js';
import { preference } from './weighted.js';

/**
 * UPGrad (Quinton and Rey 2024): each task's gradient, times its preference, is projected onto the cone of the vectors that
 * conflict with none of the gradients; the sum. The preference is the task weights divided by their sum. The update
 * conflicts with no task, and without conflicts it is the weighted mean.
 *
 * A zero gradient conflicts with none: its weight is its preference. Opposite gradients give a zero update.
 */
export function upgrad(taskWeights: readonly number[]): Combiner {
  return ({ gram, tasks, state }) => ({
    weights: unconflicting(gram, preference(taskWeights, tasks)),
    state,
  });
}

/** Σᵢ vᵢ where vᵢ minimises vᵀGv over v ≥ pᵢeᵢ. */
export function unconflicting(gram: Float64Array, preferred: Float64Array): Float64Array {
  const n = preferred.length;
  const directions = directionsOf(gram, n);
  const { positions, norms, cosines } = directions;
  const m = norms.length;
  const sum = new Float64Array(m);
  // In cosines, v = pᵢ‖gᵢ‖ D⁻¹(eᵢ + x) with the x ≥ 0 that minimises (eᵢ + x)ᵀC(eᵢ + x).
  for (let a = 0; a < m; a++) {
    const against = Float64Array.from({ length: m }, (_, b) => -entry(cosines, m, a, b));
    const added = nonnegativeQuadratic(cosines, against);
    const scale = (preferred[positions[a] as number] as number) * (norms[a] as number);
    for (let b = 0; b < m; b++)
      sum[b] = (sum[b] as number) + (scale * ((added[b] as number) + (a === b ? 1 : 0))) / (norms[b] as number);
  }
  const weights = spread(n, directions, sum, 0);
  return weights.map((weight, i) => (positions.includes(i) ? weight : (preferred[i] as number)));
}

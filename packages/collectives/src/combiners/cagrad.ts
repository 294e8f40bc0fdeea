import type { Combiner } from '../combiner.js';
import { dot, entry, times } from './dense.js';
import { type Directions, directionsOf } from './directions.js';
import { nonnegativeQuadratic } from './nonnegative-quadratic.js';
import { preference } from './weighted.js';

/** Newton steps; they converge quadratically, 4 to 8 are usual. */
const steps = 60;
/** Past this the hull of the gradients comes within a millionth of 0, and there is no direction to add. */
const largest = 1e6;

/**
 * Conflict-averse gradient descent (Liu et al. 2021): the vector within c‖g₀‖ of the mean g₀ whose smallest product with a
 * task gradient is largest. Its weights are p + c‖g₀‖ w/√(wᵀGw) with the w on the simplex that minimises
 * wᵀGp + c‖g₀‖√(wᵀGw); p is the task weights divided by their sum (the paper's 1/T where all are equal), g₀ = Σ pᵢgᵢ. Not
 * divided by 1 + c², as the paper's code may.
 *
 * Where g₀ is zero (opposite gradients, no gradients), or the best w gives a vector of no length, the weights are p; so is
 * the case of one task, where the formula would only stretch the gradient by 1 + c. A zero gradient has its
 * preference, and no update can make the smallest product more than 0: where the others would gain, the weights are p.
 */
export function cagrad(c: number, taskWeights: readonly number[]): Combiner {
  return ({ gram, tasks, state }) => ({
    weights: conflictAverse(gram, c, preference(taskWeights, tasks)),
    state,
  });
}

export function conflictAverse(gram: Float64Array, c: number, preferred: Float64Array): Float64Array {
  const n = preferred.length;
  const directions = directionsOf(gram, n);
  const { positions, norms } = directions;
  // g₀ in unit directions, relative to the longest part of it.
  const parts = Float64Array.from(positions, (i, a) => (preferred[i] as number) * (norms[a] as number));
  const along = times(directions.cosines, parts);
  const square = dot(parts, along);
  let longest = 0;
  for (const part of parts) longest = Math.max(longest, part);
  if (c === 0 || positions.length < 2 || !(square > 1e-20 * longest * longest)) return preferred;
  const length = Math.sqrt(square);
  const added = boundary(
    directions,
    along.map((value) => value / length),
    c,
    positions.length < n,
  );
  const weights = preferred.slice();
  if (added === null) return weights;
  positions.forEach((i, a) => {
    weights[i] = (weights[i] as number) + (length * (added[a] as number)) / (norms[a] as number);
  });
  return weights;
}

/**
 * The x with ‖Σ xᵢuᵢ‖ = c that CAGrad adds, in units of ‖g₀‖, to g₀; uᵢ the unit gradients, l their cosines with g₀.
 *
 * With yᵢ = wᵢ‖gᵢ‖ and aᵢ = 1/‖gᵢ‖ the problem is min lᵀy + c√(yᵀCy) over y ≥ 0, aᵀy = 1. Its value ν is the one for
 * which x(ν) = argmin over x ≥ 0 of ½xᵀCx - (νa - l)ᵀx has xᵀCx = c², and y is along that x. As ½xᵀCx is convex in ν with
 * slope aᵀx, Newton's method goes down to ν from above. `beside` says that there is a zero gradient, with which ν ≤ 0 and
 * null stands for a w on that task alone.
 */
function boundary({ cosines, norms }: Directions, l: Float64Array, c: number, beside: boolean): Float64Array | null {
  const m = norms.length;
  let shortest = Number.POSITIVE_INFINITY;
  for (const norm of norms) shortest = Math.min(shortest, norm);
  const inverse = norms.map((norm) => shortest / norm);
  const solve = (value: number) =>
    nonnegativeQuadratic(
      cosines,
      inverse.map((a, i) => value * a - (l[i] as number)),
    );

  let value = 0;
  let x = solve(value);
  if (lengthOf(cosines, x) < c) {
    if (beside) return null;
    // ν is above 0, where no task loses: begin at the value of the best single task, which is not below it.
    value = Number.POSITIVE_INFINITY;
    for (let i = 0; i < m; i++) value = Math.min(value, ((l[i] as number) + c) / (inverse[i] as number));
    x = solve(value);
  }
  for (let step = 0; step < steps; step++) {
    if (!x.every((part) => part <= largest)) return null;
    const square = lengthOf(cosines, x) ** 2;
    const next = value - (square - c * c) / (2 * dot(inverse, x));
    if (!(next < value) || square - c * c <= 1e-15 * c * c) break;
    value = next;
    x = solve(value);
  }
  const length = lengthOf(cosines, x);
  return length > 0.5 * c ? x.map((part) => (part * c) / length) : null;
}

function lengthOf(cosines: Float64Array, x: Float64Array): number {
  const m = x.length;
  let square = 0;
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++) square += (x[i] as number) * entry(cosines, m, i, j) * (x[j] as number);
  return Math.sqrt(Math.max(0, square));
}

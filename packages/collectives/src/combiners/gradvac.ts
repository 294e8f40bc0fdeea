import type { Combiner } from '../combiner.js';
import { dot, entry } from './dense.js';
import { type Directions, directionsOf } from './directions.js';
import { drawnOrder, type ProjectionOrder } from './projection-order.js';
import { stateVector } from './task-state.js';

/** Keeps the correction finite where a target has come close to 1. */
const epsilon = 1e-8;

/**
 * Gradient Vaccine (Wang et al. 2021, algorithm 1): as pcgrad, but a task's gradient is turned until its cosine with
 * another reaches a target, which follows the cosines seen (exponential mean with decay `beta`, from 0). Divided by the
 * number of present tasks, as pcgrad is.
 *
 * State: `targets`, T×T row by row. A pair with a zero gradient has no cosine: neither a correction nor a new target.
 */
export function gradvac(beta: number, seed: number): Combiner {
  return ({ gram, tasks, taskCount, step, state }) => {
    const targets = stateVector(state, 'targets', taskCount * taskCount, 0);
    const weights = vaccinated(gram, targets, tasks, taskCount, beta, drawnOrder(seed, 'gradvac', step));
    return { weights, state: { targets } };
  };
}

/** GradVac's weights, divided by the number of tasks, for a given order; moves `targets`. */
export function vaccinated(
  gram: Float64Array,
  targets: number[],
  tasks: readonly number[],
  taskCount: number,
  beta: number,
  order: ProjectionOrder,
): Float64Array {
  const n = tasks.length;
  const directions = directionsOf(gram, n);
  const among = new Map(directions.positions.map((position, a) => [position, a]));
  const sum = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const a = among.get(i);
    if (a === undefined) {
      sum[i] = (sum[i] as number) + 1;
      continue;
    }
    const turned = new Float64Array(directions.norms.length);
    turned[a] = directions.norms[a] as number;
    const products = Float64Array.from(
      turned,
      (_, k) => (turned[a] as number) * entry(directions.cosines, turned.length, k, a),
    );
    for (const j of Array.from(order(i, n))) {
      const b = among.get(j);
      if (b === undefined) continue;
      const at = (tasks[i] as number) * taskCount + (tasks[j] as number);
      const cosine = turnTowards(turned, products, b, targets[at] as number, directions);
      if (cosine !== null) targets[at] = (1 - beta) * (targets[at] as number) + beta * cosine;
    }
    directions.positions.forEach((position, b) => {
      sum[position] = (sum[position] as number) + (turned[b] as number) / (directions.norms[b] as number);
    });
  }
  return sum.map((weight) => weight / n);
}

/**
 * Adds what gives Σ turned[k]·u[k] the target cosine with u[b], if it has less; the cosine before, null without a length.
 * `products` are the vector's with all u, kept up with it.
 */
function turnTowards(
  turned: Float64Array,
  products: Float64Array,
  b: number,
  target: number,
  { cosines }: Directions,
): number | null {
  const m = turned.length;
  const square = dot(turned, products);
  if (!(square > 0)) return null;
  const length = Math.sqrt(square);
  const cosine = Math.max(-1, Math.min(1, (products[b] as number) / length));
  if (cosine < target) {
    const sine = Math.sqrt(Math.max(0, 1 - cosine * cosine));
    const targetSine = Math.sqrt(Math.max(0, 1 - target * target));
    const added = (length * (target * sine - cosine * targetSine)) / (targetSine + epsilon);
    turned[b] = (turned[b] as number) + added;
    for (let k = 0; k < m; k++) products[k] = (products[k] as number) + added * entry(cosines, m, k, b);
  }
  return cosine;
}

import { entry } from './dense.js';

/** The task gradients that are not zero, as lengths and the cosines between them. */
export interface Directions {
  /** Positions of these tasks among the present ones. */
  readonly positions: readonly number[];
  readonly norms: Float64Array;
  /** m×m, 1 on the diagonal. */
  readonly cosines: Float64Array;
}

/**
 * Takes the lengths out of a Gram matrix. What is solved in cosines does not lose a short gradient beside a long one,
 * however far apart their lengths.
 */
export function directionsOf(gram: Float64Array, n: number): Directions {
  const positions: number[] = [];
  for (let i = 0; i < n; i++) if (entry(gram, n, i, i) > 0) positions.push(i);
  const m = positions.length;
  const norms = Float64Array.from(positions, (i) => Math.sqrt(entry(gram, n, i, i)));
  const cosines = new Float64Array(m * m);
  positions.forEach((i, a) => {
    positions.forEach((j, b) => {
      const cosine = entry(gram, n, i, j) / (norms[a] as number) / (norms[b] as number);
      cosines[a * m + b] = a === b ? 1 : Math.max(-1, Math.min(1, cosine));
    });
  });
  return { positions, norms, cosines };
}

/** Weights of all `n` present tasks from those of the tasks with a gradient; the others get `rest`. */
export function spread(n: number, { positions }: Directions, weights: Float64Array, rest: number): Float64Array {
  const all = new Float64Array(n).fill(rest);
  positions.forEach((i, a) => {
    all[i] = weights[a] as number;
  });
  return all;
}

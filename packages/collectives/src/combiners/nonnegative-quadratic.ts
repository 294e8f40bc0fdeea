import { cholesky, solveCholesky } from './cholesky.js';
import { dot, entry, times } from './dense.js';

/** Share of the unit diagonal that keeps the factor of a singular H positive; the corrections take it out again. */
const ridge = 1e-11;
const corrections = 3;

/**
 * The x ≥ 0 that minimises ½ xᵀHx - bᵀx, by the active-set method of Lawson and Hanson (1974). H (n×n) is positive
 * semidefinite with diagonal elements near 1. Where it is singular, elements that are alike in H and b are so in the answer;
 * where the minimum is unbounded the answer is very large (1e6 and more).
 */
export function nonnegativeQuadratic(h: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = startOf(h, b);
  const free = Array.from(x, (value) => value > 0);
  let added = -1;
  for (let round = 0; round < 8 * n + 16; round++) {
    const blocked = settle(h, b, x, free);
    if (blocked >= 0) {
      // Rounding alone would take out again at once what was let in last: the minimum is reached to the last bits.
      if (blocked === added) break;
      continue;
    }
    added = mostPromising(h, b, x, free);
    if (added < 0) break;
    free[added] = true;
  }
  return x;
}

/** The best multiple of the positive part of b: elements that are alike begin alike. */
function startOf(h: Float64Array, b: Float64Array): Float64Array {
  const positive = b.map((value) => Math.max(0, value));
  const square = dot(positive, positive);
  const curvature = dot(positive, times(h, positive));
  if (!(curvature > 1e-12 * square)) return new Float64Array(b.length);
  return positive.map((value) => (value * square) / curvature);
}

/** Moves x towards the minimum over the free elements; the element that met 0 on the way and left, or -1. */
function settle(h: Float64Array, b: Float64Array, x: Float64Array, free: boolean[]): number {
  const n = x.length;
  const chosen = free.flatMap((isFree, i) => (isFree ? [i] : []));
  if (chosen.length === 0) return -1;
  const factor = cholesky(h, n, chosen, ridge);
  const goal = x.slice();
  for (let pass = 0; pass < corrections; pass++) {
    const product = times(h, goal);
    const residual = Float64Array.from(chosen, (i) => (b[i] as number) - (product[i] as number));
    const change = solveCholesky(factor, residual);
    chosen.forEach((i, k) => {
      goal[i] = (goal[i] as number) + (change[k] as number);
    });
  }
  let share = 1;
  let blocking = -1;
  for (const i of chosen) {
    const from = x[i] as number;
    const to = goal[i] as number;
    if (to >= 0) continue;
    const reach = from / (from - to);
    if (reach < share || blocking < 0) {
      share = Math.min(share, reach);
      blocking = i;
    }
  }
  for (const i of chosen) {
    const from = x[i] as number;
    x[i] = blocking < 0 ? (goal[i] as number) : Math.max(0, from + share * ((goal[i] as number) - from));
  }
  if (blocking >= 0) {
    x[blocking] = 0;
    free[blocking] = false;
  }
  return blocking;
}

/** The element at 0 whose growth lowers the objective most, or -1 where none does beyond rounding. */
function mostPromising(h: Float64Array, b: Float64Array, x: Float64Array, free: readonly boolean[]): number {
  const n = x.length;
  let best = -1;
  let most = 0;
  for (let i = 0; i < n; i++) {
    if (free[i] === true) continue;
    let slope = b[i] as number;
    let size = Math.abs(slope);
    for (let j = 0; j < n; j++) {
      const part = entry(h, n, i, j) * (x[j] as number);
      slope -= part;
      size += Math.abs(part);
    }
    if (slope > 1e-12 * size && slope > most) {
      most = slope;
      best = i;
    }
  }
  return best;
}

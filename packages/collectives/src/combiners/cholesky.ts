import { entry } from './dense.js';

/**
 * The lower triangle L with L Lᵀ = A, of the rows and columns of A (n×n) that `chosen` names, in their order; every
 * diagonal element is raised by `ridge`. A must be positive semidefinite; a pivot that rounding takes below `ridge` is
 * taken as `ridge`.
 */
export function cholesky(a: Float64Array, n: number, chosen: readonly number[], ridge: number): Float64Array {
  const m = chosen.length;
  const lower = new Float64Array(m * m);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = entry(a, n, chosen[row] as number, chosen[column] as number);
      if (row === column) sum += ridge;
      for (let k = 0; k < column; k++) sum -= entry(lower, m, row, k) * entry(lower, m, column, k);
      lower[row * m + column] =
        row === column ? Math.sqrt(Math.max(sum, ridge)) : sum / entry(lower, m, column, column);
    }
  }
  return lower;
}

/** Solves L Lᵀ x = b. */
export function solveCholesky(lower: Float64Array, b: Float64Array): Float64Array {
  const m = b.length;
  const x = b.slice();
  for (let row = 0; row < m; row++) {
    let sum = x[row] as number;
    for (let k = 0; k < row; k++) sum -= entry(lower, m, row, k) * (x[k] as number);
    x[row] = sum / entry(lower, m, row, row);
  }
  for (let row = m - 1; row >= 0; row--) {
    let sum = x[row] as number;
    for (let k = row + 1; k < m; k++) sum -= entry(lower, m, k, row) * (x[k] as number);
    x[row] = sum / entry(lower, m, row, row);
  }
  return x;
}

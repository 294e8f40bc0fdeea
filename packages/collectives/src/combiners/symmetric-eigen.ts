import { entry } from './dense.js';

export interface SymmetricEigen {
  /** Eigenvalues, largest first. */
  readonly values: Float64Array;
  /** vectors[k] is the unit eigenvector of values[k]. */
  readonly vectors: readonly Float64Array[];
}

/** Enough for 64 tasks: the off-diagonal part shrinks quadratically after the first few sweeps. */
const sweeps = 30;

/** Eigenvalues and eigenvectors of a symmetric n×n matrix by cyclic Jacobi rotations: only + - * / and sqrt, in a fixed order. */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const a = matrix.slice();
  const basis = new Float64Array(n * n);
  for (let i = 0; i < n; i++) basis[i * n + i] = 1;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let rotated = false;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotated = rotate(a, basis, n, p, q) || rotated;
    if (!rotated) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => entry(a, n, j, j) - entry(a, n, i, i) || i - j);
  return {
    values: Float64Array.from(order, (i) => entry(a, n, i, i)),
    vectors: order.map((i) => Float64Array.from({ length: n }, (_, row) => entry(basis, n, row, i))),
  };
}

/** Turns the plane (p, q) so that a[p][q] becomes 0; false where it is negligible already. */
function rotate(a: Float64Array, basis: Float64Array, n: number, p: number, q: number): boolean {
  const off = entry(a, n, p, q);
  const first = entry(a, n, p, p);
  const second = entry(a, n, q, q);
  if (off === 0) return false;
  if (Math.abs(off) <= 1e-17 * Math.sqrt(Math.abs(first * second)) || Math.abs(off) < Number.MIN_VALUE * 4) {
    a[p * n + q] = 0;
    a[q * n + p] = 0;
    return false;
  }
  const theta = (second - first) / (2 * off);
  const size = Math.abs(theta);
  // Past 1e150 theta² overflows; 1 / (2 theta) is then the tangent to the last bit.
  const tangent = (size > 1e150 ? 0.5 / size : 1 / (size + Math.sqrt(theta * theta + 1))) * (theta < 0 ? -1 : 1);
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  a[p * n + p] = first - tangent * off;
  a[q * n + q] = second + tangent * off;
  a[p * n + q] = 0;
  a[q * n + p] = 0;
  for (let k = 0; k < n; k++) {
    if (k !== p && k !== q) {
      const kp = entry(a, n, k, p);
      const kq = entry(a, n, k, q);
      const turnedP = cosine * kp - sine * kq;
      const turnedQ = sine * kp + cosine * kq;
      a[k * n + p] = turnedP;
      a[p * n + k] = turnedP;
      a[k * n + q] = turnedQ;
      a[q * n + k] = turnedQ;
    }
    const vp = entry(basis, n, k, p);
    const vq = entry(basis, n, k, q);
    basis[k * n + p] = cosine * vp - sine * vq;
    basis[k * n + q] = sine * vp + cosine * vq;
  }
  return true;
}

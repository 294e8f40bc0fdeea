/** Element of an n×n matrix that lies row by row. */
export const entry = (matrix: Float64Array, n: number, row: number, column: number): number =>
  matrix[row * n + column] as number;

/** Inner product, summed in order of the elements. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The product of an n×n matrix and a vector. */
export function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const product = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let column = 0; column < n; column++) sum += entry(matrix, n, row, column) * (vector[column] as number);
    product[row] = sum;
  }
  return product;
}

/** A vector divided by the sum of its elements. */
export function dividedBySum(vector: Float64Array): Float64Array {
  let sum = 0;
  for (const value of vector) sum += value;
  return vector.map((value) => value / sum);
}

/** `n` times 1/n. */
export const uniform = (n: number): Float64Array => new Float64Array(n).fill(1 / n);

import { type Kernels, mostTasks, mostVectors } from './kernels.js';
import { referenceArithmetic } from './reference-arithmetic.js';
import type { VectorArithmetic } from './vector-arithmetic.js';

/** `VectorArithmetic` by the kernels where all views lie on their memory, in JavaScript where one does not. */
export function memoryArithmetic(kernels: Kernels): VectorArithmetic {
  const reference = referenceArithmetic();
  const { run, addressOf, table, coefficients: weights, sums: products } = kernels;

  /** Whether all vectors lie on the memory; then their addresses are in the table. */
  const tabulate = (vectors: readonly Float32Array[], most: number): boolean => {
    if (vectors.length > most) return false;
    for (let v = 0; v < vectors.length; v++) {
      const address = addressOf(vectors[v] as Float32Array);
      if (address === 0) return false;
      table[v] = address;
    }
    return true;
  };

  return {
    allFinite(values) {
      const at = addressOf(values);
      return at === 0 ? reference.allFinite(values) : run.allFinite(at, values.length) !== 0;
    },
    mean(target, vectors) {
      const to = addressOf(target);
      if (to === 0 || vectors.length === 1 || !tabulate(vectors, mostVectors)) reference.mean(target, vectors);
      else run.mean(to, table.byteOffset, vectors.length, target.length);
    },
    innerProducts(vectors, sums, at) {
      if (!tabulate(vectors, mostTasks)) {
        reference.innerProducts(vectors, sums, at);
        return;
      }
      const pairs = (vectors.length * (vectors.length + 1)) / 2;
      run.innerProducts(table.byteOffset, vectors.length, (vectors[0] as Float32Array).length, products.byteOffset);
      for (let pair = 0; pair < pairs; pair++) sums[at + pair] = products[pair] as number;
    },
    combine(target, vectors, coefficients) {
      const to = addressOf(target);
      if (to === 0 || !tabulate(vectors, mostVectors)) {
        reference.combine(target, vectors, coefficients);
        return;
      }
      for (let v = 0; v < vectors.length; v++) weights[v] = coefficients[v] as number;
      run.combine(to, table.byteOffset, weights.byteOffset, vectors.length, target.length);
    },
    scale(values, factor) {
      const at = addressOf(values);
      if (at === 0) reference.scale(values, factor);
      else run.scale(at, values.length, factor);
    },
  };
}

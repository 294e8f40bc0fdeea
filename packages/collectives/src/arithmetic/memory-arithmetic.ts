import { TributaryError } from '@tributary/protocol';
import { type Kernels, mostTasks, mostVectors, stage, stagedBytes } from './kernels.js';
import { referenceArithmetic } from './reference-arithmetic.js';
import type { VectorArithmetic } from './vector-arithmetic.js';

/** `VectorArithmetic` by the kernels where all views lie on their memory, in JavaScript where one does not. */
export function memoryArithmetic(kernels: Kernels): VectorArithmetic {
  const reference = referenceArithmetic();
  const { run, addressOf, table, coefficients: weights, sums: products } = kernels;

  /** Whether all vectors lie on the memory; then their addresses are in the table. All must have `length` elements. */
  const tabulate = (vectors: readonly Float32Array[], length: number, most: number): boolean => {
    let onMemory = vectors.length <= most;
    for (let v = 0; v < vectors.length; v++) {
      const vector = vectors[v] as Float32Array;
      // A kernel would go on into what lies behind a short one.
      if (vector.length !== length)
        throw new TributaryError('INTERNAL', `Vectors of ${length} and ${vector.length} elements cannot be added.`);
      const address = addressOf(vector);
      onMemory &&= address !== 0;
      if (onMemory) table[v] = address;
    }
    return onMemory;
  };

  return {
    allFinite(values) {
      const at = addressOf(values);
      return at === 0 ? reference.allFinite(values) : run.allFinite(at, values.length) !== 0;
    },
    mean(target, vectors) {
      const to = addressOf(target);
      if (!tabulate(vectors, target.length, mostVectors) || to === 0) reference.mean(target, vectors);
      else if (vectors.length === 1) run.copy(to, table[0] as number, target.byteLength);
      else run.mean(to, table.byteOffset, vectors.length, target.length);
    },
    innerProducts(vectors, sums, at) {
      const length = vectors[0]?.length ?? 0;
      if (!tabulate(vectors, length, mostTasks)) {
        reference.innerProducts(vectors, sums, at);
        return;
      }
      const pairs = (vectors.length * (vectors.length + 1)) / 2;
      run.innerProducts(table.byteOffset, vectors.length, length, products.byteOffset);
      for (let pair = 0; pair < pairs; pair++) sums[at + pair] = products[pair] as number;
    },
    combine(target, vectors, coefficients) {
      const to = addressOf(target);
      if (!tabulate(vectors, target.length, mostVectors) || to === 0) {
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
    copy(target, source) {
      const to = addressOf(target);
      const from = addressOf(source);
      if (to === 0) target.set(source);
      else if (from !== 0) run.copy(to, from, source.byteLength);
      else
        for (let done = 0; done < source.byteLength; done += stagedBytes) {
          const piece = source.subarray(done, done + stagedBytes);
          run.copy(to + done, stage(kernels, piece), piece.byteLength);
        }
    },
  };
}

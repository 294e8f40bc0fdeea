/** Number of pairs s ≤ t of `tasks` tasks: the distinct entries of a Gram matrix. */
export function pairCount(tasks: number): number {
  return (tasks * (tasks + 1)) / 2;
}

/**
 * The P×P Gram matrix from the inner products of blocks: `blockSums[block · pairs + pair]`, pairs (0,0) (0,1) … (1,1) …, added in
 * block order from `firstBlock` on, in float64.
 */
export function gramMatrix(
  blockSums: Float64Array,
  tasks: number,
  firstBlock: number,
  blockCount: number,
): Float64Array {
  const pairs = pairCount(tasks);
  const totals = new Float64Array(pairs);
  const end = (firstBlock + blockCount) * pairs;
  for (let at = firstBlock * pairs; at < end; at += pairs)
    for (let pair = 0; pair < pairs; pair++) totals[pair] = (totals[pair] as number) + (blockSums[at + pair] as number);
  const gram = new Float64Array(tasks * tasks);
  let pair = 0;
  for (let s = 0; s < tasks; s++) {
    for (let t = s; t < tasks; t++) {
      gram[s * tasks + t] = totals[pair] as number;
      gram[t * tasks + s] = totals[pair] as number;
      pair += 1;
    }
  }
  return gram;
}

/** cᵀGc, the square of the norm of the combined gradient; rows added in order. A rounding below zero counts as zero. */
export function combinedSquare(gram: Float64Array, coefficients: Float64Array): number {
  const tasks = coefficients.length;
  let square = 0;
  for (let s = 0; s < tasks; s++) {
    let row = 0;
    for (let t = 0; t < tasks; t++) row += (gram[s * tasks + t] as number) * (coefficients[t] as number);
    square += (coefficients[s] as number) * row;
  }
  return Math.max(0, square);
}

/** Factor ≤ 1 that brings a norm down to `clipNorm`; 1 where there is no limit. */
export function clipScale(norm: number, clipNorm: number | null): number {
  return clipNorm === null || norm <= clipNorm ? 1 : clipNorm / norm;
}

/** A P×P matrix of the present tasks as one of all T: zeros for the others. */
export function amongAll(gram: Float64Array, present: readonly number[], taskCount: number): Float64Array {
  const all = new Float64Array(taskCount * taskCount);
  for (const [s, row] of present.entries())
    for (const [t, column] of present.entries()) all[row * taskCount + column] = gram[s * present.length + t] as number;
  return all;
}

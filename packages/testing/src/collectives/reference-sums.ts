const blockLength = 65_536;

/** Eight sums by index modulo 8, then pairwise: the order that the exchange states for inner products. */
function dot(a: Float32Array, b: Float32Array, from: number, to: number): number {
  const sums = new Array<number>(8).fill(0);
  for (let i = from; i < to; i++) {
    const j = (i - from) % 8;
    sums[j] = (sums[j] as number) + (a[i] as number) * (b[i] as number);
  }
  const [s0, s1, s2, s3, s4, s5, s6, s7] = sums as [number, number, number, number, number, number, number, number];
  return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7));
}

/** Over from ≤ i < to, blocks added in order. */
export function blockwiseDot(a: Float32Array, b: Float32Array, from: number, to: number, descending: boolean): number {
  const parts: number[] = [];
  for (let at = from; at < to; at += blockLength) parts.push(dot(a, b, at, Math.min(at + blockLength, to)));
  if (descending) parts.reverse();
  return parts.reduce((sum, part) => sum + part, 0);
}

/** Inner products of all pairs over a run of blocks, row by row. */
export function gramOf(
  vectors: readonly Float32Array[],
  blocks: { readonly firstBlock: number; readonly blockCount: number },
  descending: boolean,
): number[] {
  const size = vectors.length;
  const gram = new Array<number>(size * size).fill(0);
  const from = blocks.firstBlock * blockLength;
  const to = Math.min(from + blocks.blockCount * blockLength, vectors[0]?.length ?? 0);
  for (let s = 0; s < size; s++)
    for (let t = s; t < size; t++) {
      const product = blockwiseDot(vectors[s] as Float32Array, vectors[t] as Float32Array, from, to, descending);
      gram[s * size + t] = product;
      gram[t * size + s] = product;
    }
  return gram;
}

/** Vectors added in the order given, then divided. */
export function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const first = vectors[0] as Float32Array;
  const result = new Float32Array(first.length);
  for (let i = 0; i < result.length; i++) {
    let sum = first[i] as number;
    for (let v = 1; v < vectors.length; v++) sum += vectors[v]?.[i] as number;
    result[i] = sum / vectors.length;
  }
  return result;
}

/** Writes the weighted sum of vectors over from ≤ i < to, added in the order given. */
export function weightedSum(
  target: Float32Array,
  vectors: readonly Float32Array[],
  weights: readonly number[],
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    let sum = (weights[0] as number) * (vectors[0]?.[i] as number);
    for (let v = 1; v < vectors.length; v++) sum += (weights[v] as number) * (vectors[v]?.[i] as number);
    target[i] = sum;
  }
}

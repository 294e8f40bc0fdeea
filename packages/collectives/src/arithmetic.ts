/**
 * The sums of the exchange. Each has one order, fixed by lane, task and element, in float64, rounded where it is stored to
 * float32: the same bits on every processor (JavaScript has neither fused multiply-add nor reassociation).
 */

/** Whether every element is a finite number. */
export function allFinite(values: Float32Array): boolean {
  // x·0 is 0 for a finite x and NaN for any other; four sums hide the latency of the addition.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += (values[i] as number) * 0;
    b += (values[i + 1] as number) * 0;
    c += (values[i + 2] as number) * 0;
    d += (values[i + 3] as number) * 0;
  }
  for (let i = whole; i < values.length; i++) a += (values[i] as number) * 0;
  return a + b + c + d === 0;
}

/**
 * target[i] = f32((v₀[i] + v₁[i] + …) / n) for from ≤ i < to, added in the order of `vectors` in float64.
 * `sums` has room for `to - from` elements.
 */
export function meanInto(
  target: Float32Array,
  vectors: readonly Float32Array[],
  from: number,
  to: number,
  sums: Float64Array,
): void {
  const count = vectors.length;
  const first = vectors[0] as Float32Array;
  if (count === 1) {
    target.set(first.subarray(from, to), from);
    return;
  }
  if (count === 2) {
    const second = vectors[1] as Float32Array;
    for (let i = from; i < to; i++) target[i] = ((first[i] as number) + (second[i] as number)) / 2;
    return;
  }
  const length = to - from;
  for (let i = 0; i < length; i++) sums[i] = first[from + i] as number;
  for (let v = 1; v < count; v++) addInto(sums, vectors[v] as Float32Array, from, length);
  for (let i = 0; i < length; i++) target[from + i] = (sums[i] as number) / count;
}

function addInto(sums: Float64Array, vector: Float32Array, from: number, length: number): void {
  for (let i = 0; i < length; i++) sums[i] = (sums[i] as number) + (vector[from + i] as number);
}

/**
 * Inner product of a and b over from ≤ i < to: four float64 sums, the j-th over the elements with (i - from) mod 4 = j, added
 * as (s₀ + s₁) + (s₂ + s₃).
 */
export function innerProduct(a: Float32Array, b: Float32Array, from: number, to: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = to - ((to - from) % 4);
  let i = from;
  for (; i < whole; i += 4) {
    s0 += (a[i] as number) * (b[i] as number);
    s1 += (a[i + 1] as number) * (b[i + 1] as number);
    s2 += (a[i + 2] as number) * (b[i + 2] as number);
    s3 += (a[i + 3] as number) * (b[i + 3] as number);
  }
  if (i < to) s0 += (a[i] as number) * (b[i] as number);
  if (i + 1 < to) s1 += (a[i + 1] as number) * (b[i + 1] as number);
  if (i + 2 < to) s2 += (a[i + 2] as number) * (b[i + 2] as number);
  return s0 + s1 + (s2 + s3);
}

/**
 * target[to + i] = f32(c₀·v₀[from + i] + c₁·v₁[from + i] + …) for i < length, added in the order of `vectors` in float64.
 * `sums` has room for `length` elements.
 */
export function combineInto(
  target: Float32Array,
  to: number,
  vectors: readonly Float32Array[],
  coefficients: Float64Array,
  from: number,
  length: number,
  sums: Float64Array,
): void {
  const first = vectors[0] as Float32Array;
  const weight = coefficients[0] as number;
  // The usual numbers of tasks in one pass each: the same sums without the array between.
  if (vectors.length === 1) {
    for (let i = 0; i < length; i++) target[to + i] = weight * (first[from + i] as number);
    return;
  }
  const second = vectors[1] as Float32Array;
  const weight1 = coefficients[1] as number;
  if (vectors.length === 2) {
    for (let i = 0; i < length; i++)
      target[to + i] = weight * (first[from + i] as number) + weight1 * (second[from + i] as number);
    return;
  }
  if (vectors.length === 3) {
    const third = vectors[2] as Float32Array;
    const weight2 = coefficients[2] as number;
    for (let i = 0; i < length; i++)
      target[to + i] =
        weight * (first[from + i] as number) +
        weight1 * (second[from + i] as number) +
        weight2 * (third[from + i] as number);
    return;
  }
  for (let i = 0; i < length; i++) sums[i] = weight * (first[from + i] as number);
  for (let v = 1; v < vectors.length; v++)
    addScaledInto(sums, vectors[v] as Float32Array, coefficients[v] as number, from, length);
  for (let i = 0; i < length; i++) target[to + i] = sums[i] as number;
}

function addScaledInto(sums: Float64Array, vector: Float32Array, weight: number, from: number, length: number): void {
  for (let i = 0; i < length; i++) sums[i] = (sums[i] as number) + weight * (vector[from + i] as number);
}

/** Number of pairs s ≤ t of `tasks` tasks: the distinct entries of a Gram matrix. */
export function pairCount(tasks: number): number {
  return (tasks * (tasks + 1)) / 2;
}

/**
 * The T×T Gram matrix from the inner products of its blocks: `blockSums[block · pairs + pair]`, pairs (0,0) (0,1) … (1,1) …,
 * added in block order.
 */
export function gramMatrix(blockSums: Float64Array, tasks: number): Float64Array {
  const pairs = pairCount(tasks);
  const totals = new Float64Array(pairs);
  for (let at = 0; at < blockSums.length; at += pairs)
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

/** √(cᵀGc), the norm of the combined gradient; rows added in order. A rounding below zero counts as zero. */
export function combinedNorm(gram: Float64Array, coefficients: Float64Array): number {
  const tasks = coefficients.length;
  let square = 0;
  for (let s = 0; s < tasks; s++) {
    let row = 0;
    for (let t = 0; t < tasks; t++) row += (gram[s * tasks + t] as number) * (coefficients[t] as number);
    square += (coefficients[s] as number) * row;
  }
  return Math.sqrt(Math.max(0, square));
}

/** Factor ≤ 1 that brings a norm down to `clipNorm`; 1 where there is no limit. */
export function clipScale(norm: number, clipNorm: number | null): number {
  return clipNorm === null || norm <= clipNorm ? 1 : clipNorm / norm;
}

/** values[i] = f32(values[i]·scale). */
export function scaleInPlace(values: Float32Array, scale: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * scale;
}

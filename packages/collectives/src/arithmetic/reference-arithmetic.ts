import type { VectorArithmetic } from './vector-arithmetic.js';

/** Elements summed in float64 before they are rounded: the array between stays in the processor's nearest cache. */
const stripLength = 1_024;

/** `VectorArithmetic` in plain JavaScript: the definition that the kernels are held to, and what runs where they cannot. */
export function referenceArithmetic(): VectorArithmetic {
  const strip = new Float64Array(stripLength);
  return {
    allFinite,
    mean(target, vectors) {
      const count = vectors.length;
      if (count === 1) {
        const only = vectors[0] as Float32Array;
        if (only !== target) target.set(only);
        return;
      }
      for (let from = 0; from < target.length; from += stripLength) {
        const length = Math.min(stripLength, target.length - from);
        sumStrip(strip, vectors, from, length);
        for (let i = 0; i < length; i++) target[from + i] = (strip[i] as number) / count;
      }
    },
    copy: (target, source) => target.set(source),
    innerProducts(vectors, sums, at) {
      let pair = at;
      for (let s = 0; s < vectors.length; s++)
        for (let t = s; t < vectors.length; t++)
          sums[pair++] = innerProduct(vectors[s] as Float32Array, vectors[t] as Float32Array);
    },
    combine(target, vectors, coefficients) {
      for (let from = 0; from < target.length; from += stripLength) {
        const length = Math.min(stripLength, target.length - from);
        combineStrip(strip, vectors, coefficients, from, length);
        for (let i = 0; i < length; i++) target[from + i] = strip[i] as number;
      }
    },
    scale(values, factor) {
      for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * factor;
    },
  };
}

function allFinite(values: Float32Array): boolean {
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

function sumStrip(strip: Float64Array, vectors: readonly Float32Array[], from: number, length: number): void {
  const first = vectors[0] as Float32Array;
  for (let i = 0; i < length; i++) strip[i] = first[from + i] as number;
  for (let v = 1; v < vectors.length; v++) {
    const vector = vectors[v] as Float32Array;
    for (let i = 0; i < length; i++) strip[i] = (strip[i] as number) + (vector[from + i] as number);
  }
}

function combineStrip(
  strip: Float64Array,
  vectors: readonly Float32Array[],
  coefficients: Float64Array,
  from: number,
  length: number,
): void {
  const first = vectors[0] as Float32Array;
  const weight = coefficients[0] as number;
  for (let i = 0; i < length; i++) strip[i] = weight * (first[from + i] as number);
  for (let v = 1; v < vectors.length; v++) {
    const vector = vectors[v] as Float32Array;
    const other = coefficients[v] as number;
    for (let i = 0; i < length; i++) strip[i] = (strip[i] as number) + other * (vector[from + i] as number);
  }
}

function innerProduct(a: Float32Array, b: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  const whole = a.length - (a.length % 8);
  for (let i = 0; i < whole; i += 8) {
    s0 += (a[i] as number) * (b[i] as number);
    s1 += (a[i + 1] as number) * (b[i + 1] as number);
    s2 += (a[i + 2] as number) * (b[i + 2] as number);
    s3 += (a[i + 3] as number) * (b[i + 3] as number);
    s4 += (a[i + 4] as number) * (b[i + 4] as number);
    s5 += (a[i + 5] as number) * (b[i + 5] as number);
    s6 += (a[i + 6] as number) * (b[i + 6] as number);
    s7 += (a[i + 7] as number) * (b[i + 7] as number);
  }
  const rest = a.length - whole;
  if (rest > 0) s0 += (a[whole] as number) * (b[whole] as number);
  if (rest > 1) s1 += (a[whole + 1] as number) * (b[whole + 1] as number);
  if (rest > 2) s2 += (a[whole + 2] as number) * (b[whole + 2] as number);
  if (rest > 3) s3 += (a[whole + 3] as number) * (b[whole + 3] as number);
  if (rest > 4) s4 += (a[whole + 4] as number) * (b[whole + 4] as number);
  if (rest > 5) s5 += (a[whole + 5] as number) * (b[whole + 5] as number);
  if (rest > 6) s6 += (a[whole + 6] as number) * (b[whole + 6] as number);
  return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7));
}

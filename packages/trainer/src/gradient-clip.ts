/** Elements whose squares are summed before they join the sum of all. */
const blockElements = 65_536;

/**
 * Euclidean norm of a vector: float64 squares, in each block of 65,536 elements four sums over the elements i with i mod 4 =
 * 0, 1, 2, 3, added as (s₀ + s₁) + (s₂ + s₃), and the blocks in order. Not finite exactly where an element is not.
 */
export function vectorNorm(values: Float32Array): number {
  let total = 0;
  for (let start = 0; start < values.length; start += blockElements)
    total += squaresOf(values, start, Math.min(values.length, start + blockElements));
  return Math.sqrt(total);
}

function squaresOf(values: Float32Array, start: number, end: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = end - ((end - start) % 4);
  for (let i = start; i < whole; i += 4) {
    s0 += (values[i] as number) * (values[i] as number);
    s1 += (values[i + 1] as number) * (values[i + 1] as number);
    s2 += (values[i + 2] as number) * (values[i + 2] as number);
    s3 += (values[i + 3] as number) * (values[i + 3] as number);
  }
  if (whole < end) s0 += (values[whole] as number) * (values[whole] as number);
  if (whole + 1 < end) s1 += (values[whole + 1] as number) * (values[whole + 1] as number);
  if (whole + 2 < end) s2 += (values[whole + 2] as number) * (values[whole + 2] as number);
  return s0 + s1 + (s2 + s3);
}

/**
 * Scales a gradient down to a norm, each element as f32(element · f64 factor).
 * @param limit null: no limit
 * @returns the norm before
 */
export function clipToNorm(gradient: Float32Array, limit: number | null): number {
  const norm = vectorNorm(gradient);
  if (limit === null || norm <= limit) return norm;
  const factor = limit / norm;
  for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) * factor;
  return norm;
}

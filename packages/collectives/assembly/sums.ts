/** Two float32 at an address, as float64. */
// @ts-ignore: decorator
@inline
function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** Two float64, stored as float32. */
// @ts-ignore: decorator
@inline
function storePair(at: usize, sum: v128): void {
  v128.store64_lane(at, f32x4.demote_f64x2_zero(sum), 0);
}

// @ts-ignore: decorator
@inline
function vectorAt(table: usize, v: i32): usize {
  return load<u32>(table + 4 * (v as usize)) as usize;
}

/** Eight elements a turn: target[i] = f32((v0[i] + v1[i] + …) / count). */
export function mean(target: usize, table: usize, count: i32, length: i32): void {
  if (count === 2) {
    meanOfTwo(target, vectorAt(table, 0), vectorAt(table, 1), length);
    return;
  }
  // Division by a power of two is multiplication by its inverse, bit for bit.
  const powerOfTwo = (count & (count - 1)) === 0;
  const number = f64x2.splat(count as f64);
  const inverse = f64x2.splat(1.0 / (count as f64));
  const whole: usize = 4 * ((length & ~7) as usize);
  const size: usize = 4 * (length as usize);
  const lastVector = table + 4 * (count as usize);
  let at: usize = 0;
  for (; at < whole; at += 32) {
    let from = (load<u32>(table) as usize) + at;
    let a = pair(from);
    let b = pair(from + 8);
    let c = pair(from + 16);
    let d = pair(from + 24);
    for (let v = table + 4; v < lastVector; v += 4) {
      from = (load<u32>(v) as usize) + at;
      a = f64x2.add(a, pair(from));
      b = f64x2.add(b, pair(from + 8));
      c = f64x2.add(c, pair(from + 16));
      d = f64x2.add(d, pair(from + 24));
    }
    if (powerOfTwo) {
      a = f64x2.mul(a, inverse);
      b = f64x2.mul(b, inverse);
      c = f64x2.mul(c, inverse);
      d = f64x2.mul(d, inverse);
    } else {
      a = f64x2.div(a, number);
      b = f64x2.div(b, number);
      c = f64x2.div(c, number);
      d = f64x2.div(d, number);
    }
    const to = target + at;
    storePair(to, a);
    storePair(to + 8, b);
    storePair(to + 16, c);
    storePair(to + 24, d);
  }
  for (; at < size; at += 4) {
    let sum = load<f32>((load<u32>(table) as usize) + at) as f64;
    for (let v = table + 4; v < lastVector; v += 4) sum += load<f32>((load<u32>(v) as usize) + at) as f64;
    store<f32>(target + at, (sum / (count as f64)) as f32);
  }
}

function meanOfTwo(target: usize, first: usize, second: usize, length: i32): void {
  const half = f64x2.splat(0.5);
  const whole = target + 4 * ((length & ~7) as usize);
  const end = target + 4 * (length as usize);
  for (; target < whole; target += 32, first += 32, second += 32) {
    storePair(target, f64x2.mul(f64x2.add(pair(first), pair(second)), half));
    storePair(target + 8, f64x2.mul(f64x2.add(pair(first + 8), pair(second + 8)), half));
    storePair(target + 16, f64x2.mul(f64x2.add(pair(first + 16), pair(second + 16)), half));
    storePair(target + 24, f64x2.mul(f64x2.add(pair(first + 24), pair(second + 24)), half));
  }
  for (; target < end; target += 4, first += 4, second += 4)
    store<f32>(target, (((load<f32>(first) as f64) + (load<f32>(second) as f64)) * 0.5) as f32);
}

/** Eight elements a turn: target[i] = f32(c0·v0[i] + c1·v1[i] + …). */
export function combine(target: usize, table: usize, coefficients: usize, count: i32, length: i32): void {
  const whole: usize = 4 * ((length & ~7) as usize);
  const size: usize = 4 * (length as usize);
  const lastVector = table + 4 * (count as usize);
  let at: usize = 0;
  for (; at < whole; at += 32) {
    let from = (load<u32>(table) as usize) + at;
    let weights = coefficients;
    let weight = v128.load64_splat(weights);
    let a = f64x2.mul(weight, pair(from));
    let b = f64x2.mul(weight, pair(from + 8));
    let c = f64x2.mul(weight, pair(from + 16));
    let d = f64x2.mul(weight, pair(from + 24));
    for (let v = table + 4; v < lastVector; v += 4) {
      from = (load<u32>(v) as usize) + at;
      weights += 8;
      weight = v128.load64_splat(weights);
      a = f64x2.add(a, f64x2.mul(weight, pair(from)));
      b = f64x2.add(b, f64x2.mul(weight, pair(from + 8)));
      c = f64x2.add(c, f64x2.mul(weight, pair(from + 16)));
      d = f64x2.add(d, f64x2.mul(weight, pair(from + 24)));
    }
    const to = target + at;
    storePair(to, a);
    storePair(to + 8, b);
    storePair(to + 16, c);
    storePair(to + 24, d);
  }
  for (; at < size; at += 4) {
    let weights = coefficients;
    let sum = load<f64>(weights) * (load<f32>((load<u32>(table) as usize) + at) as f64);
    for (let v = table + 4; v < lastVector; v += 4) {
      weights += 8;
      sum += load<f64>(weights) * (load<f32>((load<u32>(v) as usize) + at) as f64);
    }
    store<f32>(target + at, sum as f32);
  }
}

/** values[i] = f32(values[i]·factor). */
export function scale(values: usize, length: i32, factor: f64): void {
  const weight = f64x2.splat(factor);
  const whole = values + 4 * ((length & ~7) as usize);
  const end = values + 4 * (length as usize);
  for (; values < whole; values += 32) {
    storePair(values, f64x2.mul(pair(values), weight));
    storePair(values + 8, f64x2.mul(pair(values + 8), weight));
    storePair(values + 16, f64x2.mul(pair(values + 16), weight));
    storePair(values + 24, f64x2.mul(pair(values + 24), weight));
  }
  for (; values < end; values += 4) store<f32>(values, ((load<f32>(values) as f64) * factor) as f32);
}

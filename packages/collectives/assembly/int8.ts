/** Elements that share a scale; their code is the scale and a byte each. */
const group: i32 = 1024;
const header: usize = 4;
/** Largest magnitude below which a group decodes to zeros: 2^-100. */
const smallest: f32 = 7.888609052210118e-31;
/** What scales larger groups too: 127 times a scale rounded up from there would be infinite. */
const largestScaled: f32 = 3.4e38;
/** 1.5·2^23: added to a float32 below 2^22 it leaves the nearest integer, ties to even, in the low bits. */
const magic: f32 = 12582912.0;
const magicBits: i32 = 0x4b400000;

/** Largest magnitude of source + before as its bits; NaN and infinity are larger than every number. */
function largestBits(source: usize, before: usize, length: i32): u32 {
  const mask = i32x4.splat(0x7fffffff);
  let a = i32x4.splat(0);
  let b = a;
  const end = source + 4 * (length as usize);
  const whole = source + 4 * ((length & ~15) as usize);
  if (before === 0) {
    for (; source < whole; source += 64) {
      a = i32x4.max_u(a, v128.and(v128.load(source), mask));
      b = i32x4.max_u(b, v128.and(v128.load(source, 16), mask));
      a = i32x4.max_u(a, v128.and(v128.load(source, 32), mask));
      b = i32x4.max_u(b, v128.and(v128.load(source, 48), mask));
    }
    for (; source < end; source += 4) a = i32x4.max_u(a, v128.and(v128.load32_zero(source), mask));
  } else {
    for (; source < whole; source += 64, before += 64) {
      a = i32x4.max_u(a, v128.and(f32x4.add(v128.load(source), v128.load(before)), mask));
      b = i32x4.max_u(b, v128.and(f32x4.add(v128.load(source, 16), v128.load(before, 16)), mask));
      a = i32x4.max_u(a, v128.and(f32x4.add(v128.load(source, 32), v128.load(before, 32)), mask));
      b = i32x4.max_u(b, v128.and(f32x4.add(v128.load(source, 48), v128.load(before, 48)), mask));
    }
    for (; source < end; source += 4, before += 4)
      a = i32x4.max_u(a, v128.and(f32x4.add(v128.load32_zero(source), v128.load32_zero(before)), mask));
  }
  a = i32x4.max_u(a, b);
  a = i32x4.max_u(a, i8x16.shuffle(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  a = i32x4.max_u(a, i8x16.shuffle(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3));
  return i32x4.extract_lane(a, 0) as u32;
}

/** y·inverse + magic: the code is in the low byte of each lane. */
// @ts-ignore: decorator
@inline
function rounded(y: v128, inverse: v128): v128 {
  return f32x4.add(f32x4.mul(y, inverse), f32x4.splat(magic));
}

// @ts-ignore: decorator
@inline
function valueOf(sum: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.sub(sum, f32x4.splat(magic)), scale);
}

/** The codes of sixteen sums as sixteen bytes. */
// @ts-ignore: decorator
@inline
function bytesOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const offset = i32x4.splat(magicBits);
  const low = i16x8.narrow_i32x4_s(i32x4.sub(a, offset), i32x4.sub(b, offset));
  const high = i16x8.narrow_i32x4_s(i32x4.sub(c, offset), i32x4.sub(d, offset));
  return i8x16.narrow_i16x8_s(low, high);
}

/** Codes without a residual. Returns the number of elements done, a multiple of 16. */
function encodePlain(source: usize, decoded: usize, target: usize, length: i32, scaling: f32, inversion: f32): i32 {
  const scale = f32x4.splat(scaling);
  const inverse = f32x4.splat(inversion);
  const whole = length & ~15;
  const end = source + 4 * (whole as usize);
  for (; source < end; source += 64, target += 16) {
    const a = rounded(v128.load(source), inverse);
    const b = rounded(v128.load(source, 16), inverse);
    const c = rounded(v128.load(source, 32), inverse);
    const d = rounded(v128.load(source, 48), inverse);
    v128.store(target, bytesOf(a, b, c, d));
    if (decoded !== 0) {
      v128.store(decoded, valueOf(a, scale));
      v128.store(decoded, valueOf(b, scale), 16);
      v128.store(decoded, valueOf(c, scale), 32);
      v128.store(decoded, valueOf(d, scale), 48);
      decoded += 64;
    }
  }
  return whole;
}

/** Codes of source + before; what they lose goes to `after`. Returns the number of elements done, a multiple of 16. */
function encodeWithResidual(
  source: usize,
  before: usize,
  after: usize,
  decoded: usize,
  target: usize,
  length: i32,
  scaling: f32,
  inversion: f32,
): i32 {
  const scale = f32x4.splat(scaling);
  const inverse = f32x4.splat(inversion);
  const whole = length & ~15;
  const end = source + 4 * (whole as usize);
  for (; source < end; source += 64, before += 64, after += 64, target += 16) {
    const y0 = f32x4.add(v128.load(source), v128.load(before));
    const y1 = f32x4.add(v128.load(source, 16), v128.load(before, 16));
    const y2 = f32x4.add(v128.load(source, 32), v128.load(before, 32));
    const y3 = f32x4.add(v128.load(source, 48), v128.load(before, 48));
    const a = rounded(y0, inverse);
    const b = rounded(y1, inverse);
    const c = rounded(y2, inverse);
    const d = rounded(y3, inverse);
    v128.store(target, bytesOf(a, b, c, d));
    const v0 = valueOf(a, scale);
    const v1 = valueOf(b, scale);
    const v2 = valueOf(c, scale);
    const v3 = valueOf(d, scale);
    v128.store(after, f32x4.sub(y0, v0));
    v128.store(after, f32x4.sub(y1, v1), 16);
    v128.store(after, f32x4.sub(y2, v2), 32);
    v128.store(after, f32x4.sub(y3, v3), 48);
    if (decoded !== 0) {
      v128.store(decoded, v0);
      v128.store(decoded, v1, 16);
      v128.store(decoded, v2, 32);
      v128.store(decoded, v3, 48);
      decoded += 64;
    }
  }
  return whole;
}

/** A group with an element that is not finite: all codes 0, all values NaN. */
function encodeNonFinite(after: usize, decoded: usize, target: usize, length: i32): void {
  memory.fill(target, 0, length as usize);
  for (let i: usize = 0; i < 4 * (length as usize); i += 4) {
    if (after !== 0) store<f32>(after + i, f32.NaN);
    if (decoded !== 0) store<f32>(decoded + i, f32.NaN);
  }
}

function encodeGroup(source: usize, before: usize, after: usize, decoded: usize, target: usize, length: i32): void {
  const bits = largestBits(source, before, length);
  if (bits >= 0x7f800000) {
    store<f32>(target, f32.NaN);
    encodeNonFinite(after, decoded, target + header, length);
    return;
  }
  const largest = reinterpret<f32>(bits);
  const zeros = largest < smallest;
  const bounded = min<f32>(largest, largestScaled);
  const scale: f32 = zeros ? 0 : bounded / 127;
  const inverse: f32 = zeros ? 0 : 127 / bounded;
  store<f32>(target, scale);
  target += header;
  const done =
    before === 0
      ? encodePlain(source, decoded, target, length, scale, inverse)
      : encodeWithResidual(source, before, after, decoded, target, length, scale, inverse);
  for (let i = done as usize; i < (length as usize); i++) {
    const y = before === 0 ? load<f32>(source + 4 * i) : load<f32>(source + 4 * i) + load<f32>(before + 4 * i);
    const sum: f32 = y * inverse + magic;
    const value: f32 = (sum - magic) * scale;
    store<u8>(target + i, reinterpret<u32>(sum) as u8);
    if (before !== 0) store<f32>(after + 4 * i, y - value);
    if (decoded !== 0) store<f32>(decoded + 4 * i, value);
  }
}

export function encodeInt8(
  source: usize,
  before: usize,
  after: usize,
  decoded: usize,
  target: usize,
  length: i32,
): void {
  for (let left = length; left > 0; left -= group) {
    const count = min(left, group);
    encodeGroup(source, before, after, decoded, target, count);
    source += 4 * group;
    if (before !== 0) {
      before += 4 * group;
      after += 4 * group;
    }
    if (decoded !== 0) decoded += 4 * group;
    target += header + group;
  }
}

function decodeGroup(code: usize, target: usize, length: i32): void {
  const factor = load<f32>(code);
  const scale = f32x4.splat(factor);
  code += header;
  const whole = target + 4 * ((length & ~15) as usize);
  const end = target + 4 * (length as usize);
  for (; target < whole; target += 64, code += 16) {
    const low = v128.load8x8_s(code);
    const high = v128.load8x8_s(code, 8);
    v128.store(target, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), scale));
    v128.store(target, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), scale), 16);
    v128.store(target, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), scale), 32);
    v128.store(target, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), scale), 48);
  }
  for (; target < end; target += 4, code++) store<f32>(target, (load<i8>(code) as f32) * factor);
}

export function decodeInt8(code: usize, target: usize, length: i32): void {
  for (let left = length; left > 0; left -= group) {
    decodeGroup(code, target, min(left, group));
    code += header + group;
    target += 4 * group;
  }
}

/** bfloat16 codes of four float32, each in a lane of 32 bits: rounded to nearest even, NaN kept. */
// @ts-ignore: decorator
@inline
function codes(bits: v128): v128 {
  const upper = i32x4.shr_u(bits, 16);
  const odd = v128.and(upper, i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(bits, i32x4.add(odd, i32x4.splat(0x7fff))), 16);
  return v128.bitselect(rounded, v128.or(upper, i32x4.splat(0x40)), f32x4.eq(bits, bits));
}

function code(bits: u32): u32 {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >> 16) | 0x40;
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

export function encodeBf16(source: usize, target: usize, decoded: usize, length: i32): void {
  const whole = source + 4 * ((length & ~7) as usize);
  const end = source + 4 * (length as usize);
  if (decoded === 0) {
    for (; source < whole; source += 32, target += 16)
      v128.store(target, i16x8.narrow_i32x4_u(codes(v128.load(source)), codes(v128.load(source, 16))));
  } else {
    for (; source < whole; source += 32, target += 16, decoded += 32) {
      const low = codes(v128.load(source));
      const high = codes(v128.load(source, 16));
      v128.store(target, i16x8.narrow_i32x4_u(low, high));
      v128.store(decoded, i32x4.shl(low, 16));
      v128.store(decoded, i32x4.shl(high, 16), 16);
    }
  }
  for (; source < end; source += 4, target += 2) {
    const bits = code(load<u32>(source));
    store<u16>(target, bits as u16);
    if (decoded !== 0) {
      store<u32>(decoded, bits << 16);
      decoded += 4;
    }
  }
}

export function decodeBf16(source: usize, target: usize, length: i32): void {
  const whole = target + 4 * ((length & ~7) as usize);
  const end = target + 4 * (length as usize);
  for (; target < whole; target += 32, source += 16) {
    v128.store(target, i32x4.shl(v128.load16x4_u(source), 16));
    v128.store(target, i32x4.shl(v128.load16x4_u(source, 8), 16), 16);
  }
  for (; target < end; target += 4, source += 2) store<u32>(target, (load<u16>(source) as u32) << 16);
}

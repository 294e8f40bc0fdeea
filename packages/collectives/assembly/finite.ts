/** 1 where all elements are finite: the largest magnitude, compared as an integer, is below that of infinity. */
export function allFinite(values: usize, length: i32): i32 {
  const mask = i32x4.splat(0x7fffffff);
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let at = values;
  const end = values + 4 * (length as usize);
  const whole = values + 4 * ((length & ~15) as usize);
  for (; at < whole; at += 64) {
    a = i32x4.max_u(a, v128.and(v128.load(at), mask));
    b = i32x4.max_u(b, v128.and(v128.load(at, 16), mask));
    c = i32x4.max_u(c, v128.and(v128.load(at, 32), mask));
    d = i32x4.max_u(d, v128.and(v128.load(at, 48), mask));
  }
  for (; at < end; at += 4) a = i32x4.max_u(a, v128.and(v128.load32_zero(at), mask));
  const largest = i32x4.max_u(i32x4.max_u(a, b), i32x4.max_u(c, d));
  return v128.any_true(i32x4.ge_u(largest, i32x4.splat(0x7f800000))) ? 0 : 1;
}

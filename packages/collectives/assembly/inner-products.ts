/**
 * Inner products in float64, eight sums a pair (the j-th over the elements i with i mod 8 = j), which lie at 64 bytes a pair
 * while strips of all vectors pass through the nearest cache: a strip is read once from memory, and each vector once for
 * all pairs of a tile of up to four. Eight sums of ten pairs do not fit into registers, so a tile passes over its strip two or four
 * times, each time for the sums that do.
 */

/** Elements of a strip, a multiple of 8. */
const strip: i32 = 1024;

/** Two float32 at an address, as float64. */
// @ts-ignore: decorator
@inline
function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

// @ts-ignore: decorator
@inline
function vectorAt(table: usize, v: i32): usize {
  return load<u32>(table + 4 * (v as usize)) as usize;
}

/** Index of the pair (s, t), s ≤ t. */
// @ts-ignore: decorator
@inline
function pairIndex(count: i32, s: i32, t: i32): i32 {
  return s * count - s * (s - 1) / 2 + t - s;
}

// @ts-ignore: decorator
@inline
function sumsOf(sums: usize, count: i32, s: i32, t: i32): usize {
  return sums + 64 * (pairIndex(count, s, t) as usize);
}

/** The inner product of a vector with itself, all eight sums. */
function square(p0: usize, end: usize, sums: usize): void {
  let s00a = v128.load(sums);
  let s00b = v128.load(sums, 16);
  let s00c = v128.load(sums, 32);
  let s00d = v128.load(sums, 48);
  for (; p0 < end; p0 += 32) {
    const x0a = pair(p0);
    s00a = f64x2.add(s00a, f64x2.mul(x0a, x0a));
    const x0b = pair(p0 + 8);
    s00b = f64x2.add(s00b, f64x2.mul(x0b, x0b));
    const x0c = pair(p0 + 16);
    s00c = f64x2.add(s00c, f64x2.mul(x0c, x0c));
    const x0d = pair(p0 + 24);
    s00d = f64x2.add(s00d, f64x2.mul(x0d, x0d));
  }
  v128.store(sums, s00a);
  v128.store(sums, s00b, 16);
  v128.store(sums, s00c, 32);
  v128.store(sums, s00d, 48);
}

/** The inner product of two vectors, all eight sums. */
function product(p0: usize, p1: usize, end: usize, sums: usize): void {
  let s01a = v128.load(sums);
  let s01b = v128.load(sums, 16);
  let s01c = v128.load(sums, 32);
  let s01d = v128.load(sums, 48);
  for (; p0 < end; p0 += 32, p1 += 32) {
    const x0a = pair(p0);
    const x1a = pair(p1);
    s01a = f64x2.add(s01a, f64x2.mul(x0a, x1a));
    const x0b = pair(p0 + 8);
    const x1b = pair(p1 + 8);
    s01b = f64x2.add(s01b, f64x2.mul(x0b, x1b));
    const x0c = pair(p0 + 16);
    const x1c = pair(p1 + 16);
    s01c = f64x2.add(s01c, f64x2.mul(x0c, x1c));
    const x0d = pair(p0 + 24);
    const x1d = pair(p1 + 24);
    s01d = f64x2.add(s01d, f64x2.mul(x0d, x1d));
  }
  v128.store(sums, s01a);
  v128.store(sums, s01b, 16);
  v128.store(sums, s01c, 32);
  v128.store(sums, s01d, 48);
}

/** The three pairs of two vectors, four of their sums: those that start at the addresses. */
function tileOfTwo(p0: usize, p1: usize, end: usize, row0: usize, row1: usize): void {
  let s00a = v128.load(row0);
  let s00b = v128.load(row0, 16);
  let s01a = v128.load(row0, 64);
  let s01b = v128.load(row0, 80);
  let s11a = v128.load(row1);
  let s11b = v128.load(row1, 16);
  for (; p0 < end; p0 += 32, p1 += 32) {
    const x0a = pair(p0);
    const x1a = pair(p1);
    s00a = f64x2.add(s00a, f64x2.mul(x0a, x0a));
    s01a = f64x2.add(s01a, f64x2.mul(x0a, x1a));
    s11a = f64x2.add(s11a, f64x2.mul(x1a, x1a));
    const x0b = pair(p0 + 8);
    const x1b = pair(p1 + 8);
    s00b = f64x2.add(s00b, f64x2.mul(x0b, x0b));
    s01b = f64x2.add(s01b, f64x2.mul(x0b, x1b));
    s11b = f64x2.add(s11b, f64x2.mul(x1b, x1b));
  }
  v128.store(row0, s00a);
  v128.store(row0, s00b, 16);
  v128.store(row0, s01a, 64);
  v128.store(row0, s01b, 80);
  v128.store(row1, s11a);
  v128.store(row1, s11b, 16);
}

/** The six pairs of three vectors, two of their sums. */
function tileOfThree(p0: usize, p1: usize, p2: usize, end: usize, row0: usize, row1: usize, row2: usize): void {
  let s00 = v128.load(row0);
  let s01 = v128.load(row0, 64);
  let s02 = v128.load(row0, 128);
  let s11 = v128.load(row1);
  let s12 = v128.load(row1, 64);
  let s22 = v128.load(row2);
  for (; p0 < end; p0 += 32, p1 += 32, p2 += 32) {
    const x0 = pair(p0);
    const x1 = pair(p1);
    const x2 = pair(p2);
    s00 = f64x2.add(s00, f64x2.mul(x0, x0));
    s01 = f64x2.add(s01, f64x2.mul(x0, x1));
    s02 = f64x2.add(s02, f64x2.mul(x0, x2));
    s11 = f64x2.add(s11, f64x2.mul(x1, x1));
    s12 = f64x2.add(s12, f64x2.mul(x1, x2));
    s22 = f64x2.add(s22, f64x2.mul(x2, x2));
  }
  v128.store(row0, s00);
  v128.store(row0, s01, 64);
  v128.store(row0, s02, 128);
  v128.store(row1, s11);
  v128.store(row1, s12, 64);
  v128.store(row2, s22);
}

/** The ten pairs of four vectors, two of their sums. */
function tileOfFour(p0: usize, p1: usize, p2: usize, p3: usize, end: usize, row0: usize, row1: usize, row2: usize, row3: usize): void {
  let s00 = v128.load(row0);
  let s01 = v128.load(row0, 64);
  let s02 = v128.load(row0, 128);
  let s03 = v128.load(row0, 192);
  let s11 = v128.load(row1);
  let s12 = v128.load(row1, 64);
  let s13 = v128.load(row1, 128);
  let s22 = v128.load(row2);
  let s23 = v128.load(row2, 64);
  let s33 = v128.load(row3);
  for (; p0 < end; p0 += 32, p1 += 32, p2 += 32, p3 += 32) {
    const x0 = pair(p0);
    const x1 = pair(p1);
    const x2 = pair(p2);
    const x3 = pair(p3);
    s00 = f64x2.add(s00, f64x2.mul(x0, x0));
    s01 = f64x2.add(s01, f64x2.mul(x0, x1));
    s02 = f64x2.add(s02, f64x2.mul(x0, x2));
    s03 = f64x2.add(s03, f64x2.mul(x0, x3));
    s11 = f64x2.add(s11, f64x2.mul(x1, x1));
    s12 = f64x2.add(s12, f64x2.mul(x1, x2));
    s13 = f64x2.add(s13, f64x2.mul(x1, x3));
    s22 = f64x2.add(s22, f64x2.mul(x2, x2));
    s23 = f64x2.add(s23, f64x2.mul(x2, x3));
    s33 = f64x2.add(s33, f64x2.mul(x3, x3));
  }
  v128.store(row0, s00);
  v128.store(row0, s01, 64);
  v128.store(row0, s02, 128);
  v128.store(row0, s03, 192);
  v128.store(row1, s11);
  v128.store(row1, s12, 64);
  v128.store(row1, s13, 128);
  v128.store(row2, s22);
  v128.store(row2, s23, 64);
  v128.store(row3, s33);
}

/** The four pairs of one of two vectors with one of two others, four of their sums. */
function across(p0: usize, p1: usize, p2: usize, p3: usize, end: usize, row0: usize, row1: usize): void {
  let s02a = v128.load(row0);
  let s02b = v128.load(row0, 16);
  let s03a = v128.load(row0, 64);
  let s03b = v128.load(row0, 80);
  let s12a = v128.load(row1);
  let s12b = v128.load(row1, 16);
  let s13a = v128.load(row1, 64);
  let s13b = v128.load(row1, 80);
  for (; p0 < end; p0 += 32, p1 += 32, p2 += 32, p3 += 32) {
    const x0a = pair(p0);
    const x1a = pair(p1);
    const x2a = pair(p2);
    const x3a = pair(p3);
    s02a = f64x2.add(s02a, f64x2.mul(x0a, x2a));
    s03a = f64x2.add(s03a, f64x2.mul(x0a, x3a));
    s12a = f64x2.add(s12a, f64x2.mul(x1a, x2a));
    s13a = f64x2.add(s13a, f64x2.mul(x1a, x3a));
    const x0b = pair(p0 + 8);
    const x1b = pair(p1 + 8);
    const x2b = pair(p2 + 8);
    const x3b = pair(p3 + 8);
    s02b = f64x2.add(s02b, f64x2.mul(x0b, x2b));
    s03b = f64x2.add(s03b, f64x2.mul(x0b, x3b));
    s12b = f64x2.add(s12b, f64x2.mul(x1b, x2b));
    s13b = f64x2.add(s13b, f64x2.mul(x1b, x3b));
  }
  v128.store(row0, s02a);
  v128.store(row0, s02b, 16);
  v128.store(row0, s03a, 64);
  v128.store(row0, s03b, 80);
  v128.store(row1, s12a);
  v128.store(row1, s12b, 16);
  v128.store(row1, s13a, 64);
  v128.store(row1, s13b, 80);
}

/** All pairs within the vectors [first, first + size), size ≤ 4, over the bytes [from, to) of each. */
function tile(table: usize, count: i32, first: i32, size: i32, from: usize, to: usize, sums: usize): void {
  const p0 = vectorAt(table, first) + from;
  const end = p0 + (to - from);
  const row0 = sumsOf(sums, count, first, first);
  if (size === 1) {
    square(p0, end, row0);
    return;
  }
  const p1 = vectorAt(table, first + 1) + from;
  const row1 = sumsOf(sums, count, first + 1, first + 1);
  if (size === 2) {
    tileOfTwo(p0, p1, end, row0, row1);
    tileOfTwo(p0 + 16, p1 + 16, end + 16, row0 + 32, row1 + 32);
    return;
  }
  const p2 = vectorAt(table, first + 2) + from;
  const row2 = sumsOf(sums, count, first + 2, first + 2);
  if (size === 3) {
    for (let j: usize = 0; j < 4; j++)
      tileOfThree(p0 + 8 * j, p1 + 8 * j, p2 + 8 * j, end + 8 * j, row0 + 16 * j, row1 + 16 * j, row2 + 16 * j);
    return;
  }
  const p3 = vectorAt(table, first + 3) + from;
  const row3 = sumsOf(sums, count, first + 3, first + 3);
  for (let j: usize = 0; j < 4; j++)
    tileOfFour(
      p0 + 8 * j,
      p1 + 8 * j,
      p2 + 8 * j,
      p3 + 8 * j,
      end + 8 * j,
      row0 + 16 * j,
      row1 + 16 * j,
      row2 + 16 * j,
      row3 + 16 * j,
    );
}

/** All pairs of one of the vectors [first, first + size) with one of [other, other + width). */
function tileAcross(
  table: usize,
  count: i32,
  first: i32,
  size: i32,
  other: i32,
  width: i32,
  from: usize,
  to: usize,
  sums: usize,
): void {
  for (let s = first; s < first + size; s += 2)
    for (let t = other; t < other + width; t += 2) {
      const a = vectorAt(table, s) + from;
      const c = vectorAt(table, t) + from;
      const end = a + (to - from);
      const row0 = sumsOf(sums, count, s, t);
      const two = s + 1 < first + size;
      const wide = t + 1 < other + width;
      if (two && wide) {
        const b = vectorAt(table, s + 1) + from;
        const d = vectorAt(table, t + 1) + from;
        const row1 = sumsOf(sums, count, s + 1, t);
        across(a, b, c, d, end, row0, row1);
        across(a + 16, b + 16, c + 16, d + 16, end + 16, row0 + 32, row1 + 32);
        continue;
      }
      product(a, c, end, row0);
      if (two) {
        const b = vectorAt(table, s + 1) + from;
        product(b, c, b + (to - from), sumsOf(sums, count, s + 1, t));
      }
      if (wide) product(a, vectorAt(table, t + 1) + from, end, row0 + 64);
    }
}

/** The last elements, fewer than eight: the j-th of them belongs to the j-th sum. */
function addRest(table: usize, count: i32, from: usize, rest: usize, sums: usize): void {
  for (let s = 0; s < count; s++) {
    const a = vectorAt(table, s) + from;
    for (let t = s; t < count; t++) {
      const b = vectorAt(table, t) + from;
      for (let j: usize = 0; j < rest; j++)
        store<f64>(
          sums + 8 * j,
          load<f64>(sums + 8 * j) + (load<f32>(a + 4 * j) as f64) * (load<f32>(b + 4 * j) as f64),
        );
      sums += 64;
    }
  }
}

export function innerProducts(table: usize, count: i32, length: i32, sums: usize): void {
  const pairs = count * (count + 1) / 2;
  memory.fill(sums, 0, 64 * (pairs as usize));
  const whole: usize = 4 * ((length & ~7) as usize);
  for (let from: usize = 0; from < whole; from += 4 * strip) {
    const to = min(from + 4 * strip, whole);
    for (let first = 0; first < count; first += 4) {
      const size = min(4, count - first);
      tile(table, count, first, size, from, to, sums);
      for (let other = first + 4; other < count; other += 4)
        tileAcross(table, count, first, size, other, min(4, count - other), from, to, sums);
    }
  }
  addRest(table, count, whole, (length & 7) as usize, sums);
  for (let p: usize = 0; p < (pairs as usize); p++) {
    const at = sums + 64 * p;
    const low = load<f64>(at) + load<f64>(at, 8) + (load<f64>(at, 16) + load<f64>(at, 24));
    const high = load<f64>(at, 32) + load<f64>(at, 40) + (load<f64>(at, 48) + load<f64>(at, 56));
    store<f64>(sums + 8 * p, low + high);
  }
}

/**
 * Philox4x32-10, a counter-based generator: the n-th block of a stream is a pure function of (key, n), so any process
 * can draw any part of any stream. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11.
 */
const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/** Four unsigned 32-bit numbers from a 128-bit counter and a 64-bit key. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(multiplier0, c0);
    const low0 = Math.imul(multiplier0, c0) >>> 0;
    const high1 = multiplyHigh(multiplier1, c2);
    const low1 = Math.imul(multiplier1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + weyl0) >>> 0;
    k1 = (k1 + weyl1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * Fills `words` with the blocks of a stream from `counter` on: element i is word i mod 4 of block ⌊i / 4⌋. The block's
 * number counts up in the first two words of the counter. Inputs are taken modulo 2^32; returns `words`.
 */
export function fillPhilox(
  words: Int32Array,
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): Int32Array {
  const [c0, c1, c2, c3] = counter.map((word) => word >>> 0) as [number, number, number, number];
  const unsigned: [number, number] = [key[0] >>> 0, key[1] >>> 0];
  for (let start = 0, block = c0; start < words.length; start += 4, block++) {
    const carry = Math.floor(block / 0x1_0000_0000);
    const drawn = philox([block >>> 0, (c1 + carry) >>> 0, c2, c3], unsigned);
    for (let i = 0; i < 4 && start + i < words.length; i++) words[start + i] = drawn[i] as number;
  }
  return words;
}

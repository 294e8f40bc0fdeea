import type { CodecResidual } from './codec.js';

const f32 = Math.fround;

/** Elements that share a scale. */
export const int8Group = 1_024;
/** A group's code: its scale, then a byte an element. */
export const int8Header = 4;

/** Groups whose largest magnitude is below this decode to zeros: 127 over it would not be a normal float32. */
export const int8Smallest = 2 ** -100;

/** What scales larger groups too: 127 times a scale rounded up from there would be infinite. */
export const int8Largest = f32(3.4e38);

/** Adding it to a float32 below 2²² in magnitude rounds that to an integer, ties to even; the sum's low byte is the code. */
const roundingMagic = 1.5 * 2 ** 23;

const number = new Float32Array(1);
const numberBytes = new Uint8Array(number.buffer);

/** What codes a group whose largest magnitude is `largest`: element = code·scale, code = round(element·inverse). */
export function int8Scale(largest: number): { scale: number; inverse: number } {
  // Every element of a group with one that is not finite decodes to NaN.
  if (!Number.isFinite(largest)) return { scale: Number.NaN, inverse: 0 };
  if (largest < int8Smallest) return { scale: 0, inverse: 0 };
  const bounded = Math.min(largest, int8Largest);
  return { scale: f32(bounded / 127), inverse: f32(127 / bounded) };
}

/**
 * One group of at most 1,024 elements, all arithmetic in float32: y = source + before; scale = max|y| / 127; code = y·(127 / max|y|)
 * rounded to nearest even; decoded = code·scale; after = y - decoded.
 */
export function encodeInt8(
  source: Float32Array,
  target: Uint8Array,
  residual: CodecResidual | undefined,
  decoded: Float32Array | undefined,
): void {
  let largest = 0;
  const before = residual?.before;
  for (let i = 0; i < source.length; i++) {
    const y = before === undefined ? (source[i] as number) : f32((source[i] as number) + (before[i] as number));
    largest = Math.max(largest, Math.abs(y));
  }
  const { scale, inverse } = int8Scale(largest);
  const finite = !Number.isNaN(scale);
  number[0] = scale;
  target.set(numberBytes);
  for (let i = 0; i < source.length; i++) {
    const y = before === undefined ? (source[i] as number) : f32((source[i] as number) + (before[i] as number));
    const code = finite ? f32(f32(y * inverse) + roundingMagic) - roundingMagic : 0;
    const value = f32(code * scale);
    target[int8Header + i] = code;
    if (residual !== undefined) residual.after[i] = y - value;
    if (decoded !== undefined) decoded[i] = value;
  }
}

/** One group of `target.length` ≤ 1,024 elements. */
export function decodeInt8(code: Uint8Array, target: Float32Array): void {
  numberBytes.set(code.subarray(0, int8Header));
  const scale = number[0] as number;
  for (let i = 0; i < target.length; i++) target[i] = (((code[int8Header + i] as number) << 24) >> 24) * scale;
}

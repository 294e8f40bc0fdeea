/** 16-bit floats of safetensors files, by name: bits to number. */
export const halfFloats = { F16: fromF16, BF16: fromBf16 } as const;
export type HalfDtype = keyof typeof halfFloats;

export function isHalf(dtype: string): dtype is HalfDtype {
  return Object.hasOwn(halfFloats, dtype);
}

/** Every 16-bit float is a float32 too. @param bytes little-endian, two a number */
export function widened(bytes: Uint8Array, dtype: HalfDtype): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = halfFloats[dtype];
  return Float32Array.from({ length: bytes.byteLength / 2 }, (_, index) => number(view.getUint16(2 * index, true)));
}

/** IEEE 754 binary16. */
function fromF16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function fromBf16(bits: number): number {
  word.setUint32(0, bits * 0x10000);
  return word.getFloat32(0);
}

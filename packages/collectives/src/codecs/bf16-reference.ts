/**
 * bfloat16: the upper half of a float32, rounded to nearest even, little-endian, two bytes an element. What is above the largest
 * bfloat16 (3.39e38) rounds to infinity. A NaN stays one: its upper half with the quiet bit set.
 */
export function encodeBf16(source: Float32Array, target: Uint8Array, decoded: Float32Array | undefined): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const back = decoded === undefined ? undefined : new Uint32Array(decoded.buffer, decoded.byteOffset, decoded.length);
  for (let i = 0; i < bits.length; i++) {
    const of = bits[i] as number;
    const nan = (of & 0x7fffffff) > 0x7f800000;
    const code = nan ? (of >>> 16) | 0x40 : (of + 0x7fff + ((of >>> 16) & 1)) >>> 16;
    target[2 * i] = code;
    target[2 * i + 1] = code >>> 8;
    if (back !== undefined) back[i] = code << 16;
  }
}

export function decodeBf16(code: Uint8Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < bits.length; i++) bits[i] = ((code[2 * i] as number) << 16) | ((code[2 * i + 1] as number) << 24);
}

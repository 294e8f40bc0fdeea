import { describe, expect, it } from 'vitest';
import { decodeWeights } from './pretrained-weights.js';

function fileOf(dtype: string, halves: readonly number[]): Uint8Array {
  const header = JSON.stringify({ w: { dtype, shape: [halves.length], data_offsets: [0, 2 * halves.length] } });
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + 2 * halves.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  halves.forEach((half, index) => {
    view.setUint16(8 + text.length + 2 * index, half, true);
  });
  return bytes;
}
const read = (dtype: string, ...halves: number[]) => [
  ...(decodeWeights(fileOf(dtype, halves), 'w').tensors.w?.data ?? []),
];

describe('decodeWeights', () => {
  it('widens 16-bit floats exactly', () => {
    expect(read('F16', 0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x8000, 0x7c00)).toEqual([
      1,
      -2,
      0.333251953125,
      65504,
      2 ** -24,
      -0,
      Number.POSITIVE_INFINITY,
    ]);
    expect(read('BF16', 0x3f80, 0xc000, 0x3eab, 0x0001, 0x8000)).toEqual([1, -2, 0.333984375, 2 ** -133, -0]);
    expect(read('F16', 0x7e00)).toEqual([Number.NaN]);
  });

  it('refuses in terms of the run file', () => {
    expect(() => decodeWeights(Uint8Array.of(1), 'model.safetensors')).toThrow(
      'init.from.file: model.safetensors is not a safetensors file that can be read: it has 1 bytes, fewer than the length of its header; give another one.',
    );
    expect(() => read('F8_E4M3', 1)).toThrow(
      /has the type "F8_E4M3", which is not one of F32, F64, I32, I64, U8, F16, BF16/,
    );
  });
});

import { TributaryError } from '@tributary/protocol';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { repeatedKey } from './repeated-key.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { stateHashOf } from './state-hash.js';
import type { Tensors } from './tensors.js';

const tensors: Tensors = {
  bytes: { shape: [3], data: Uint8Array.of(1, 2, 255) },
  'b/weight': { shape: [2, 3], data: Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-40, 0.1) },
  'a/bias': { shape: [], data: Float32Array.of(5) },
  empty: { shape: [0, 4], data: new Float32Array(0) },
  cursor: { shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) },
  step: { shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
  momentum: { shape: [2], data: Float64Array.of(0.1, Number.NaN) },
  '10': { shape: [1], data: Int32Array.of(7) },
  'ü "quoted"\n': { shape: [1], data: Uint8Array.of(9) },
};
const file = encodeSafetensors({ tensors, metadata: { step: '12', run: 'x' } });
const refused = (bytes: Uint8Array): string => {
  try {
    decodeSafetensors(bytes, 'Part "shared"');
  } catch (error) {
    expect(error).toBeInstanceOf(TributaryError);
    expect((error as TributaryError).code).toBe('CHECKPOINT_CORRUPT');
    return (error as Error).message;
  }
  throw new Error('was accepted');
};
/** A file of this header text and so many bytes of data. */
const fileOf = (header: string, dataBytes = 0): Uint8Array => {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
};
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): string =>
  JSON.stringify({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('gives back names, shapes, types and bits, at any alignment of the file', () => {
    for (const shift of [0, 1, 4]) {
      const shifted = new Uint8Array(file.length + shift);
      shifted.set(file, shift);
      const read = decodeSafetensors(shifted.subarray(shift), 'it');
      expect(read.metadata).toEqual({ run: 'x', step: '12' });
      expect(read.tensors).toEqual(tensors);
      expect(Object.is(read.tensors['b/weight']?.data[1], -0)).toBe(true);
      expect(stateHashOf(read.tensors)).toBe(stateHashOf(tensors));
      expect(encodeSafetensors(read)).toEqual(file);
    }
  });

  it('writes the same bytes whatever the order, with every tensor aligned', () => {
    const backwards = Object.fromEntries(Object.entries(tensors).reverse());
    expect(encodeSafetensors({ tensors: backwards, metadata: { run: 'x', step: '12' } })).toEqual(file);
    const { tensors: read } = decodeSafetensors(file, 'it');
    for (const { data } of Object.values(read)) expect(data.buffer).toBe(file.buffer);
    expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it('keeps the bits of every NaN', () => {
    const bits = Uint32Array.of(0x7fc00001, 0xffc12345, 0x7f800001);
    const read = decodeSafetensors(
      encodeSafetensors({ tensors: { nan: { shape: [3], data: new Float32Array(bits.buffer) } }, metadata: {} }),
      'it',
    );
    const { data } = read.tensors.nan as { data: Float32Array };
    expect([...new Uint32Array(data.buffer, data.byteOffset, 3)]).toEqual([...bits]);
  });

  it('refuses truncation at every byte, and bytes too many', () => {
    for (let size = 0; size < file.length; size++) refused(file.subarray(0, size));
    expect(refused(new Uint8Array([...file, 0]))).toMatch(/1 bytes at its end belong to no tensor/);
  });

  it('never fails in another way on flipped bits', () => {
    const stream = randomStream(1, 'flips');
    let accepted = 0;
    for (let n = 0; n < 3_000; n++) {
      const copy = file.slice();
      const at = stream.below(copy.length);
      copy[at] = (copy[at] as number) ^ (1 << stream.below(8));
      try {
        decodeSafetensors(copy, 'it');
        accepted++;
      } catch (error) {
        expect(error).toBeInstanceOf(TributaryError);
      }
    }
    // Flips in data and names are for the digest to find.
    expect(accepted).toBeGreaterThan(0);
  });

  it.each([
    ['a huge header', new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 0x7b]), /its header claims/],
    ['no JSON', fileOf('{"a":'), /header is not JSON/],
    ['no UTF-8', new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]), /header is not JSON/],
    ['an array', fileOf('[]'), /not a JSON object/],
    ['space before the object', fileOf(' {}'), /not a JSON object/],
    ['a name twice', fileOf(`{"a":${f32(0, 4)},"\\u0061":${f32(4, 8)}}`, 8), /its header has "a" twice/],
    [
      'a field twice',
      fileOf('{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
      /"dtype" twice/,
    ],
    ['metadata that are not strings', fileOf('{"__metadata__":{"a":1}}'), /__metadata__ is not an object of strings/],
    [
      'a missing field',
      fileOf('{"a":{"dtype":"F32","shape":[1]}}', 4),
      /does not consist of dtype, shape and data_offsets/,
    ],
    [
      'a field too many',
      fileOf('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1}}', 4),
      /does not consist of/,
    ],
    [
      'an unknown type',
      fileOf('{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}', 4),
      /type "BF16", which is not one of F32, F64, I32, I64, U8/,
    ],
    ['an inherited type', fileOf('{"a":{"dtype":"constructor","shape":[2],"data_offsets":[0,4]}}', 4), /has the type/],
    ['a negative size', fileOf('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4), /has the shape/],
    [
      'an overflowing size',
      fileOf('{"a":{"dtype":"F32","shape":[94906267,94906267],"data_offsets":[0,4]}}', 4),
      /has the shape/,
    ],
    ['reversed offsets', fileOf('{"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}', 4), /has the offsets/],
    ['data beyond the end', fileOf(`{"a":${f32(0, 8)}}`, 4), /ends at byte 8 of 4/],
    ['a wrong length', fileOf(`{"a":${f32(0, 8, [3])}}`, 8), /F32 \[3\] has 8 bytes/],
    ['an overlap', fileOf(`{"a":${f32(0, 8)},"b":${f32(4, 12)}}`, 12), /"b" overlaps the one before it, at byte 4/],
    ['a gap', fileOf(`{"a":${f32(0, 4)},"b":${f32(8, 12)}}`, 12), /bytes 4 to 8 of the data belong to no tensor/],
  ])('refuses %s', (_, bytes, message) => {
    expect(refused(bytes)).toMatch(message);
  });

  it('refuses to write what it could not read', () => {
    const metadata = {};
    expect(() => encodeSafetensors({ tensors: { a: { shape: [2], data: new Float32Array(3) } }, metadata })).toThrow(
      RangeError,
    );
    expect(() =>
      encodeSafetensors({ tensors: { __metadata__: { shape: [1], data: new Float32Array(1) } }, metadata }),
    ).toThrow(RangeError);
  });
});

describe('stateHashOf', () => {
  it('depends on name, type, shape and every bit, and on nothing else', () => {
    const one = (name: string, shape: number[], data: Tensors[string]['data']) =>
      stateHashOf({ [name]: { shape, data } });
    const hash = one('a', [4], Float32Array.of(0, 1, 2, 3));
    expect(one('a', [4], Float32Array.of(9, 0, 1, 2, 3).subarray(1))).toBe(hash);
    for (const other of [
      one('b', [4], Float32Array.of(0, 1, 2, 3)),
      one('a', [2, 2], Float32Array.of(0, 1, 2, 3)),
      one('a', [4], Float32Array.of(-0, 1, 2, 3)),
      one('a', [4], new Int32Array(Float32Array.of(0, 1, 2, 3).buffer)),
      stateHashOf({
        ...{ a: { shape: [4], data: Float32Array.of(0, 1, 2, 3) } },
        b: { shape: [0], data: new Uint8Array(0) },
      }),
    ])
      expect(other).not.toBe(hash);
  });
});

describe('repeatedKey', () => {
  it('finds keys that an object has twice, at any depth', () => {
    expect(repeatedKey('{"a":[{"b":1},{"b":2}],"c":{"a":"\\"a\\":"}}')).toBe(null);
    expect(repeatedKey('{"x":{"y" : 1,"z":"}","y":2}}')).toBe('y');
    expect(repeatedKey('["a","a"]')).toBe(null);
  });
});

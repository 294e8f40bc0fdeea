import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { vectorMemory } from '../vector-memory.js';
import { codecNamed } from './codec-named.js';

const memory = vectorMemory(64 << 20);
const plain = vectorMemory(0, 'javascript');
const draws = randomStream(1, 'codecs');
const lengths = [0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 1_000, 1_023, 1_024, 1_025, 1_039, 1_040, 2_048, 3_077, 70_001];

const normals = (length: number): Float32Array => Float32Array.from({ length }, () => draws.normal());
/** Groups of one magnitude each, from denormals to the largest float32. */
const magnitudes = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => draws.normal() * 2 ** (((Math.floor(i / 1_024) * 37) % 270) - 149));
function bitPatterns(length: number): Float32Array {
  const bits = Uint32Array.from({ length }, () => draws.uint32());
  const special = [
    0, 0x80000000, 1, 0x807fffff, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7f800001, 0xffc00000,
  ];
  for (let i = 0; i < length; i += 3) bits[i] = special[draws.below(special.length)] as number;
  return new Float32Array(bits.buffer);
}
/** Ties between two codes, in both directions: integers and halves up to 127. */
const ties = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => (i % 1_024 === 0 ? 127 : (draws.below(509) - 254) / 2));
/** Ties between two bfloat16. */
const halves = (length: number): Float32Array =>
  new Float32Array(Uint32Array.from({ length }, () => (draws.below(2 ** 16) << 16) | 0x8000).buffer);
const zeros = (length: number): Float32Array => Float32Array.from({ length }, () => (draws.below(2) === 0 ? 0 : -0));
const kinds: readonly [string, (length: number) => Float32Array][] = [
  ['normal numbers', normals],
  ['all magnitudes', magnitudes],
  ['bit patterns', bitPatterns],
  ['ties', ties],
  ['ties of bfloat16', halves],
  ['zeros', zeros],
];

function onMemory(values: Float32Array, offset = 0): Float32Array {
  const view = memory.float32(values.length + offset).subarray(offset);
  view.set(values);
  return view;
}
/** The bits, all NaN alike: their payloads may differ. */
function bits(values: Float32Array): Uint32Array {
  const words = new Uint32Array(new Float32Array(values).buffer);
  for (let i = 0; i < words.length; i++) if (Number.isNaN(values[i])) words[i] = 0x7fc00000;
  return words;
}
/** A copy that starts at no multiple of 4. */
function unaligned(code: Uint8Array): Uint8Array {
  const view = new Uint8Array(code.length + 3).subarray(3);
  view.set(code);
  return view;
}
/** Equal bytes; `toEqual` of long arrays is slow. */
const same = (a: Uint8Array | Uint32Array, b: Uint8Array | Uint32Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

describe.each(['fp32', 'bf16', 'int8'] as const)('%s', (name) => {
  const kernel = codecNamed(name, memory);
  const reference = codecNamed(name, plain);

  it.each(kinds)('writes and reads %s as its definition does', (_, make) => {
    for (const length of lengths) {
      const source = make(length);
      const offset = length % 4;
      const code = memory.bytes(kernel.encodedBytes(length) + offset).subarray(offset);
      const expected = new Uint8Array(reference.encodedBytes(length));
      const [decoded, expectedDecoded] = [onMemory(new Float32Array(length), 1), new Float32Array(length)];
      kernel.encode(onMemory(source, offset), code, { decoded });
      reference.encode(source, expected, { decoded: expectedDecoded });
      expect(same(code, expected)).toBe(true);
      expect(same(bits(decoded), bits(expectedDecoded))).toBe(true);

      code.fill(0);
      kernel.encode(onMemory(source, offset), code);
      expect(same(code, expected)).toBe(true);

      for (const from of [code, expected, unaligned(expected)]) {
        const target = onMemory(new Float32Array(length), 3 - offset);
        kernel.decode(from, target);
        expect(same(bits(target), bits(expectedDecoded))).toBe(true);
        const elsewhere = new Float32Array(length);
        reference.decode(from, elsewhere);
        expect(same(bits(elsewhere), bits(expectedDecoded))).toBe(true);
      }
    }
  });

  it('may write what it decodes over the source', () => {
    const [source, apart] = [onMemory(normals(3_001)), onMemory(new Float32Array(3_001))];
    const [code, again] = [memory.bytes(kernel.encodedBytes(3_001)), memory.bytes(kernel.encodedBytes(3_001))];
    kernel.encode(source, code, { decoded: apart });
    kernel.encode(source, again, { decoded: source });
    expect(same(again, code)).toBe(true);
    expect(same(bits(source), bits(apart))).toBe(true);
  });

  it('codes a run of groups as it codes the whole', () => {
    const source = onMemory(normals(5_000));
    const whole = new Uint8Array(kernel.encodedBytes(5_000));
    kernel.encode(source, whole);
    const part = memory.bytes(kernel.encodedBytes(2_048));
    kernel.encode(source.subarray(1_024, 3_072), part);
    expect(same(part, whole.subarray(kernel.encodedBytes(1_024), kernel.encodedBytes(3_072)))).toBe(true);
  });

  it('refuses views that are too short', () => {
    const [source, short] = [onMemory(normals(1_025)), memory.bytes(kernel.encodedBytes(1_025) - 1)];
    const whole = memory.bytes(kernel.encodedBytes(1_025));
    expect(() => kernel.encode(source, short)).toThrow('1025 elements');
    expect(() => kernel.decode(short, source)).toThrow('1025 elements');
    expect(() => kernel.encode(source, whole, { decoded: source.subarray(1) })).toThrow('vector of 1024');
  });

  it('keeps what is not finite not finite', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const at of [0, 5, 1_023, 1_024, 1_999]) {
        const source = onMemory(normals(2_000));
        source[at] = bad;
        const code = memory.bytes(kernel.encodedBytes(2_000));
        kernel.encode(source, code);
        kernel.decode(code, source);
        expect(Number.isFinite(source[at])).toBe(false);
        expect(memory.arithmetic.allFinite(source)).toBe(false);
      }
  });
});

it('rounds to the nearest bfloat16, ties to even', () => {
  const source = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -23, -1 - 2 ** -8, 1e-45, -0);
  codecNamed('bf16', plain).encode(source, new Uint8Array(12), { decoded: source });
  expect([...source]).toEqual([1, 1 + 2 ** -6, 1 + 2 ** -7, -1, 0, -0]);
});

describe('int8 with a residual', () => {
  const kernel = codecNamed('int8', memory);
  const reference = codecNamed('int8', plain);

  it.each(kinds)('writes %s as its definition does', (_, make) => {
    for (const length of lengths) {
      const [source, before] = [make(length), make(length).map((value) => value / 64)];
      const code = memory.bytes(kernel.encodedBytes(length));
      const expected = new Uint8Array(code.length);
      const placed = { before: onMemory(before, 1), after: onMemory(before, 2) };
      const [after, decoded] = [new Float32Array(length), new Float32Array(length)];
      const placedDecoded = onMemory(decoded);
      kernel.encode(onMemory(source), code, { residual: placed, decoded: placedDecoded });
      reference.encode(source, expected, { residual: { before, after }, decoded });
      expect(same(code, expected)).toBe(true);
      expect(same(bits(placed.after), bits(after))).toBe(true);
      expect(same(bits(placedDecoded), bits(decoded))).toBe(true);

      // In place, and without `decoded`.
      kernel.encode(onMemory(source), code, { residual: { before: placed.before, after: placed.before } });
      expect(same(code, expected)).toBe(true);
      expect(same(bits(placed.before), bits(after))).toBe(true);
    }
  });

  it('decodes finite numbers to finite ones within half a step, up to the largest', () => {
    const { buffer } = Uint32Array.of(0x7f7fffff);
    const huge = new Float32Array(buffer)[0] as number;
    for (const largest of [huge, 1, 127, 2 ** -100, 1e-30]) {
      const source = Float32Array.from({ length: 1_024 }, (_, i) => (i === 7 ? -largest : largest * draws.uniform()));
      const decoded = new Float32Array(1_024);
      reference.encode(source, new Uint8Array(1_028), { decoded });
      for (let i = 0; i < 1_024; i++)
        expect(Math.abs((source[i] as number) - (decoded[i] as number))).toBeLessThan((largest / 127) * 0.50001);
    }
  });

  it('leaves a group too small for a scale to the residual', () => {
    const source = Float32Array.of(1e-31, -1e-40);
    const after = new Float32Array(2);
    reference.encode(source, new Uint8Array(6), { residual: { before: new Float32Array(2), after } });
    expect(after).toEqual(source);
  });
});

/** Parts of WebAssembly's binary format (https://webassembly.github.io/spec/core/binary). */
export type Bytes = readonly number[];

/** An unsigned integer in LEB128. */
export function unsigned(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** A list: its length, then its items. */
export const list = (items: readonly Bytes[]): Bytes => [...unsigned(items.length), ...items.flat()];

/** Bytes with their number in front. */
export const sized = (bytes: Bytes): Bytes => [...unsigned(bytes.length), ...bytes];

export const text = (value: string): Bytes => sized([...new TextEncoder().encode(value)]);

export const section = (id: number, bytes: Bytes): Bytes => [id, ...sized(bytes)];

export const header: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export const valueType = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;

const simd = (opcode: number): Bytes => [0xfd, ...unsigned(opcode)];

/** Instructions by the names of the specification, without their immediates. */
export const instruction = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  branch: (depth: number): Bytes => [0x0c, depth],
  branchIf: (depth: number): Bytes => [0x0d, depth],
  get: (local: number): Bytes => [0x20, ...unsigned(local)],
  set: (local: number): Bytes => [0x21, ...unsigned(local)],
  tee: (local: number): Bytes => [0x22, ...unsigned(local)],
  /** A constant of 0 to 63 (one byte of signed LEB128). */
  smallConstant: (value: number): Bytes => [0x41, value],
  i32Add: [0x6a],
  i32ShiftLeft: [0x74],
  i32ShiftRight: [0x76],
  i32NotBelow: [0x4f],
  f32Load: [0x2a, 2, 0],
  f32Store: [0x38, 2, 0],
  f32One: [0x43, 0x00, 0x00, 0x80, 0x3f],
  f32Zero: [0x43, 0x00, 0x00, 0x00, 0x00],
  f32SmallestNormal: [0x43, 0x00, 0x00, 0x80, 0x00],
  /** Infinity, whose bits are those of the exponent. */
  f32Exponent: [0x43, 0x00, 0x00, 0x80, 0x7f],
  f32Absolute: [0x8b],
  f32Above: [0x5e],
  f32Below: [0x5d],
  f32FromI32: [0xb2],
  select: [0x1b],
  f32: { squareRoot: [0x91], add: [0x92], subtract: [0x93], multiply: [0x94], divide: [0x95] },
  v128Load: [...simd(0x00), 2, 0],
  v128Store: [...simd(0x0b), 2, 0],
  v128Zero: [...simd(0x0c), ...new Array<number>(16).fill(0)],
  v128And: simd(0x4e),
  v128AndNot: simd(0x4f),
  i32x4Equal: simd(0x37),
  f32x4Splat: simd(0x13),
  f32x4Below: simd(0x43),
  f32x4Above: simd(0x44),
  f32x4: {
    squareRoot: simd(0xe3),
    add: simd(0xe4),
    subtract: simd(0xe5),
    multiply: simd(0xe6),
    divide: simd(0xe7),
  },
} as const;

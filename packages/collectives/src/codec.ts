import { endianness } from 'node:os';
import { TributaryError } from '@tributary/protocol';

/**
 * How a run of float32 elements is written to the wire. Every lane's piece and every combined block passes encode and decode,
 * also where it stays on its worker. NaN and infinities survive. `encode(decode(encode(x)))` equals `encode(x)`: a repeated
 * message carries the same bytes.
 */
export interface Codec {
  readonly name: string;
  encodedBytes(elements: number): number;
  /** Writes `elements` elements from `source[from]` to `target[at]`. */
  encode(source: Float32Array, from: number, elements: number, target: Uint8Array, at: number): void;
  /** Reads `elements` elements from `source[at]` into `target[to]`; `source` need not be aligned. */
  decode(source: Uint8Array, at: number, elements: number, target: Float32Array, to: number): void;
  /** Encode and decode without a message between. */
  pass(source: Float32Array, from: number, elements: number, target: Float32Array, to: number): void;
}

/** Little-endian IEEE 754 binary32: the identity. */
const fp32: Codec = {
  name: 'fp32',
  encodedBytes: (elements) => elements * 4,
  encode(source, from, elements, target, at) {
    target.set(new Uint8Array(source.buffer, source.byteOffset + from * 4, elements * 4), at);
  },
  decode(source, at, elements, target, to) {
    const bytes = new Uint8Array(target.buffer, target.byteOffset + to * 4, elements * 4);
    bytes.set(source.subarray(at, at + elements * 4));
  },
  pass(source, from, elements, target, to) {
    target.set(source.subarray(from, from + elements), to);
  },
};

/** @throws TributaryError `BACKEND_UNAVAILABLE` on a big-endian processor, whose floats do not lie as the wire has them. */
export function codecNamed(name: 'fp32' | 'bf16' | 'int8'): Codec {
  if (endianness() !== 'LE')
    throw new TributaryError(
      'BACKEND_UNAVAILABLE',
      'The exchange needs a little-endian processor; run the worker on one.',
    );
  switch (name) {
    case 'fp32':
      return fp32;
    default:
      throw new TributaryError('BACKEND_UNAVAILABLE', `There is no codec "${name}" yet; set sync.codec to fp32.`);
  }
}

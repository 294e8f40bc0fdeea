import type { Codec } from './codec.js';

/** Little-endian IEEE 754 binary32: the vector's own bytes. */
export const fp32Codec: Codec = {
  name: 'fp32',
  identity: true,
  feedback: false,
  encodedBytes: (elements) => elements * 4,
  encode(source, target, options) {
    target.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
    if (options?.decoded !== undefined && options.decoded !== source) options.decoded.set(source);
  },
  decode(code, target) {
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(code.subarray(0, target.byteLength));
  },
};

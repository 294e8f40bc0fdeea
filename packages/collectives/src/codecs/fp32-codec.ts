import type { Kernels } from '../arithmetic/kernels.js';
import { checkLengths } from './check-lengths.js';
import type { Codec } from './codec.js';
import { type CodeReading, decodeOnMemory, pieceOf } from './staged-decode.js';

const reading: CodeReading = {
  encodedBytes: (elements) => elements * 4,
  piece: pieceOf(1, 4),
  read: ({ run }, code, target, elements) => run.copy(target, code, 4 * elements),
};

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Little-endian IEEE 754 binary32: the vector's own bytes. */
export function fp32Codec(kernels: Kernels | null): Codec {
  return {
    name: 'fp32',
    identity: true,
    feedback: false,
    encodedBytes: reading.encodedBytes,
    encode(source, target, options) {
      checkLengths(this, source, target, options);
      const from = kernels?.addressOf(source) ?? 0;
      const to = kernels?.addressOf(target) ?? 0;
      if (kernels !== null && from !== 0 && to !== 0) kernels.run.copy(to, from, source.byteLength);
      else target.set(bytesOf(source));
      const decoded = options?.decoded;
      if (decoded !== undefined && decoded !== source) decoded.set(source);
    },
    decode(code, target) {
      checkLengths(this, target, code);
      if (!decodeOnMemory(kernels, reading, code, target)) bytesOf(target).set(code.subarray(0, target.byteLength));
    },
  };
}

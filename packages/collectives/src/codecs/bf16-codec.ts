import type { Kernels } from '../arithmetic/kernels.js';
import { decodeBf16, encodeBf16 } from './bf16-reference.js';
import { checkLengths } from './check-lengths.js';
import type { Codec } from './codec.js';
import { type CodeReading, decodeOnMemory, pieceOf } from './staged-decode.js';

const reading: CodeReading = {
  encodedBytes: (elements) => elements * 2,
  piece: pieceOf(1, 2),
  read: ({ run }, code, target, elements) => run.decodeBf16(code, target, elements),
};

/** Two bytes an element, rounded to nearest even; no residual. */
export function bf16Codec(kernels: Kernels | null): Codec {
  return {
    name: 'bf16',
    identity: false,
    feedback: false,
    encodedBytes: reading.encodedBytes,
    encode(source, target, options) {
      checkLengths(this, source, target, options);
      const decoded = options?.decoded;
      const from = kernels?.addressOf(source) ?? 0;
      const to = kernels?.addressOf(target) ?? 0;
      const back = decoded === undefined ? 0 : (kernels?.addressOf(decoded) ?? 0);
      const onMemory = from !== 0 && to !== 0 && (decoded === undefined || back !== 0);
      if (kernels !== null && onMemory) kernels.run.encodeBf16(from, to, back, source.length);
      else encodeBf16(source, target, decoded);
    },
    decode(code, target) {
      checkLengths(this, target, code);
      if (!decodeOnMemory(kernels, reading, code, target)) decodeBf16(code, target);
    },
  };
}

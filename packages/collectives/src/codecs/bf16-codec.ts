import type { Kernels } from '../arithmetic/kernels.js';
import { decodeBf16, encodeBf16 } from './bf16-reference.js';
import type { Codec } from './codec.js';

/** Two bytes an element, rounded to nearest even; no residual. */
export function bf16Codec(kernels: Kernels | null): Codec {
  return {
    name: 'bf16',
    identity: false,
    feedback: false,
    encodedBytes: (elements) => elements * 2,
    encode(source, target, options) {
      const decoded = options?.decoded;
      const from = kernels?.addressOf(source) ?? 0;
      const to = kernels?.addressOf(target) ?? 0;
      const back = decoded === undefined ? 0 : (kernels?.addressOf(decoded) ?? 0);
      const onMemory = from !== 0 && to !== 0 && (decoded === undefined || back !== 0);
      if (kernels !== null && onMemory) kernels.run.encodeBf16(from, to, back, source.length);
      else encodeBf16(source, target, decoded);
    },
    decode(code, target) {
      if (kernels === null || !decodeOnMemory(kernels, code, target)) decodeBf16(code, target);
    },
  };
}

function decodeOnMemory(kernels: Kernels, code: Uint8Array, target: Float32Array): boolean {
  const to = kernels.addressOf(target);
  if (to === 0) return false;
  const from = kernels.addressOf(code);
  if (from !== 0) {
    kernels.run.decodeBf16(from, to, target.length);
    return true;
  }
  const { staging } = kernels;
  const most = staging.length >>> 1;
  for (let done = 0; done < target.length; done += most) {
    const length = Math.min(most, target.length - done);
    staging.set(code.subarray(2 * done, 2 * (done + length)));
    kernels.run.decodeBf16(staging.byteOffset, to + 4 * done, length);
  }
  return true;
}

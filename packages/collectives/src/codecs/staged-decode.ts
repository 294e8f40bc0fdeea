import { type Kernels, stage, stagedBytes } from '../arithmetic/kernels.js';

/** How a kernel reads one codec's codes. */
export interface CodeReading {
  encodedBytes(elements: number): number;
  /** Elements of a piece that is read on its own: whole groups, whose code fits into `stagedBytes`. */
  readonly piece: number;
  /** Byte addresses of code and target. */
  read(kernels: Kernels, code: number, target: number, elements: number): void;
}

/** Decodes to a target on the memory; a code that lies elsewhere is brought there piece by piece. False: the target is elsewhere. */
export function decodeOnMemory(
  kernels: Kernels | null,
  reading: CodeReading,
  code: Uint8Array,
  target: Float32Array,
): boolean {
  const to = kernels === null ? 0 : kernels.addressOf(target);
  if (kernels === null || to === 0) return false;
  const from = kernels.addressOf(code);
  if (from !== 0) {
    reading.read(kernels, from, to, target.length);
    return true;
  }
  const { piece, encodedBytes } = reading;
  for (let done = 0; done < target.length; done += piece) {
    const elements = Math.min(piece, target.length - done);
    const at = encodedBytes(done);
    const staged = stage(kernels, code.subarray(at, at + encodedBytes(elements)));
    reading.read(kernels, staged, to + 4 * done, elements);
  }
  return true;
}

/** Elements of a piece whose code has `bytes` bytes for every `elements` elements. */
export const pieceOf = (elements: number, bytes: number): number => Math.floor(stagedBytes / bytes) * elements;

import type { Kernels } from '../arithmetic/kernels.js';
import { checkLengths } from './check-lengths.js';
import type { Codec, EncodeOptions } from './codec.js';
import { decodeInt8, encodeInt8, int8Group, int8Header } from './int8-reference.js';
import { type CodeReading, decodeOnMemory, pieceOf } from './staged-decode.js';

const groupBytes = int8Header + int8Group;

const reading: CodeReading = {
  encodedBytes: (elements) => elements + int8Header * Math.ceil(elements / int8Group),
  piece: pieceOf(int8Group, groupBytes),
  read: ({ run }, code, target, elements) => run.decodeInt8(code, target, elements),
};

/**
 * A signed byte an element: each 1,024 elements are one float32 scale, their largest magnitude over 127, then their codes. A group
 * that is not finite, or whose sum with the residual is not, decodes to NaN; one whose largest is below 2⁻¹⁰⁰ to zeros.
 */
export function int8Codec(kernels: Kernels | null): Codec {
  return {
    name: 'int8',
    identity: false,
    feedback: true,
    encodedBytes: reading.encodedBytes,
    encode(source, target, options) {
      checkLengths(this, source, target, options);
      if (kernels === null || !encodeOnMemory(kernels, source, target, options)) encodeGroups(source, target, options);
    },
    isFinite: scalesAreFinite,
    decode(code, target) {
      checkLengths(this, target, code);
      if (!decodeOnMemory(kernels, reading, code, target)) decodeGroups(code, target);
    },
  };
}

function scalesAreFinite(code: Uint8Array): boolean {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at < code.byteLength; at += groupBytes)
    if (!Number.isFinite(view.getFloat32(at, true))) return false;
  return true;
}

function encodeOnMemory(
  kernels: Kernels,
  source: Float32Array,
  target: Uint8Array,
  { residual, decoded }: EncodeOptions = {},
): boolean {
  const { addressOf } = kernels;
  const from = addressOf(source);
  const to = addressOf(target);
  const before = residual === undefined ? 0 : addressOf(residual.before);
  const after = residual === undefined ? 0 : addressOf(residual.after);
  const back = decoded === undefined ? 0 : addressOf(decoded);
  if (from === 0 || to === 0 || (residual !== undefined && (before === 0 || after === 0))) return false;
  if (decoded !== undefined && back === 0) return false;
  kernels.run.encodeInt8(from, before, after, back, to, source.length);
  return true;
}

function encodeGroups(source: Float32Array, target: Uint8Array, { residual, decoded }: EncodeOptions = {}): void {
  for (let from = 0, at = 0; from < source.length; from += int8Group, at += groupBytes) {
    const to = Math.min(from + int8Group, source.length);
    encodeInt8(
      source.subarray(from, to),
      target.subarray(at, at + int8Header + to - from),
      residual === undefined
        ? undefined
        : { before: residual.before.subarray(from, to), after: residual.after.subarray(from, to) },
      decoded?.subarray(from, to),
    );
  }
}

function decodeGroups(code: Uint8Array, target: Float32Array): void {
  for (let from = 0, at = 0; from < target.length; from += int8Group, at += groupBytes)
    decodeInt8(code.subarray(at, at + groupBytes), target.subarray(from, Math.min(from + int8Group, target.length)));
}

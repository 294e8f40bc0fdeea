import { maxPages } from './kernels/kernel-module.js';
import { webAssembly } from './kernels/web-assembly.js';

const pageBytes = 65_536;
/** TensorFlow takes foreign memory as it lies where it begins at a multiple of this; elsewhere it copies. */
export const alignmentBytes = 64;
/** Vectors begin at different places within a page, so that several read together do not compete for cache lines. */
const staggerBytes = 5 * alignmentBytes;

/**
 * Zeroed vectors on shared memory, which another thread can be sent. Traced functions read and write them in place,
 * where ordinary arrays are copied: at 21 million elements that saves some 50 ms a run for each output.
 * @param lengths in elements
 */
export function allocateVectors(lengths: readonly number[]): Float32Array<SharedArrayBuffer>[] {
  const vectors: Float32Array<SharedArrayBuffer>[] = [];
  while (vectors.length < lengths.length) vectors.push(...allocateInOne(lengths.slice(vectors.length)));
  return vectors;
}

/** As many of these as one WebAssembly memory holds: such memory begins at a page, which no array buffer promises. */
function allocateInOne(lengths: readonly number[]): Float32Array<SharedArrayBuffer>[] {
  const offsets: number[] = [];
  let bytes = 0;
  for (const length of lengths) {
    const next = bytes + Math.ceil((4 * length) / alignmentBytes) * alignmentBytes;
    if (next > maxPages * pageBytes) break;
    offsets.push(bytes);
    bytes = next + staggerBytes;
  }
  if (webAssembly === undefined || offsets.length === 0) {
    const length = lengths[0] as number;
    return [new Float32Array(new SharedArrayBuffer(Math.max(1, length) * 4), 0, length)];
  }
  const pages = Math.ceil(Math.max(1, bytes - staggerBytes) / pageBytes);
  const { buffer } = new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return offsets.map((offset, index) => new Float32Array(buffer, offset, lengths[index]));
}

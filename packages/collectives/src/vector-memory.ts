import { TributaryError } from '@tributary/protocol';
import { type Kernels, loadKernels, reservedBytes } from './arithmetic/kernels.js';
import { memoryArithmetic } from './arithmetic/memory-arithmetic.js';
import { referenceArithmetic } from './arithmetic/reference-arithmetic.js';
import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import { webAssembly } from './arithmetic/web-assembly.js';

/**
 * Memory on which the big vectors of an exchange lie, and the arithmetic that is fast on it. All threads may read and write the
 * vectors; the arithmetic is for the thread that made the memory.
 */
export interface VectorMemory {
  /** A vector of zeros, 64-byte aligned, that all threads see. It lives as long as the memory: nothing is given back. */
  float32(elements: number): Float32Array<SharedArrayBuffer>;
  /** As `float32`, of bytes. */
  bytes(length: number): Uint8Array<SharedArrayBuffer>;
  readonly arithmetic: VectorArithmetic;
  /** The kernels on this memory; null where JavaScript does the arithmetic. */
  readonly kernels: Kernels | null;
  /** Why JavaScript does the arithmetic, several times slower, though it was not asked to; null otherwise. */
  readonly notice: string | null;
}

const pageBytes = 65_536;
const mostPages = 65_536;
const alignment = 64;

/**
 * `bytes`: what will be allocated at most, in up to a thousand vectors. It is reserved at once, and used as it is written. By
 * default the vectors lie on one WebAssembly memory; where it would pass 4 GiB, or there is no WebAssembly with SIMD and threads,
 * each is a SharedArrayBuffer, and the arithmetic gives the same bits in JavaScript.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` when the kernels are not built.
 */
export function vectorMemory(bytes: number, way: 'auto' | 'javascript' = 'auto'): VectorMemory {
  if (way === 'javascript') return plainMemory(null);
  // Each vector is rounded up to whole cache lines: one page more is room for a thousand of them.
  const pages = Math.ceil((reservedBytes + bytes) / pageBytes) + 1;
  if (pages > mostPages) return plainMemory('the vectors of the exchange need more than 4 GiB on this worker');
  if (webAssembly === undefined) return plainMemory('this host has no WebAssembly');
  try {
    const memory = new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return kernelMemory(memory.buffer, loadKernels(memory));
  } catch (error) {
    if (error instanceof TributaryError) throw error;
    return plainMemory(`WebAssembly refused: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function kernelMemory(buffer: SharedArrayBuffer, kernels: Kernels): VectorMemory {
  let used = reservedBytes;
  const allocate = (bytes: number): number => {
    const at = used;
    const end = at + Math.ceil(bytes / alignment) * alignment;
    if (end > buffer.byteLength)
      throw new TributaryError(
        'INTERNAL',
        `A vector of ${bytes} bytes does not fit into what is left of its memory (${buffer.byteLength - at} bytes): reserve more.`,
      );
    used = end;
    return at;
  };
  return {
    float32: (elements) => new Float32Array(buffer, allocate(4 * elements), elements),
    bytes: (length) => new Uint8Array(buffer, allocate(length), length),
    arithmetic: memoryArithmetic(kernels),
    kernels,
    notice: null,
  };
}

function plainMemory(notice: string | null): VectorMemory {
  return {
    float32: (elements) => new Float32Array(new SharedArrayBuffer(4 * elements)),
    bytes: (length) => new Uint8Array(new SharedArrayBuffer(length)),
    arithmetic: referenceArithmetic(),
    kernels: null,
    notice,
  };
}

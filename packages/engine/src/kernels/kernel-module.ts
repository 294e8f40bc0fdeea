import type { ElementwiseKernel } from './expression.js';
import { functionBody, parameterTypes } from './kernel-code.js';
import { type Bytes, header, list, section, sized, text, unsigned } from './wasm-encoding.js';

/** Pages of 64 KiB that a WebAssembly memory may have at most: 4 GiB. */
export const maxPages = 65_536;

const functionType = 0x60;
const sharedWithLimit = 0x03;

/**
 * A WebAssembly module (SIMD, threads) with one function for each kernel, exported by the kernel's name. It imports the
 * shared memory `vectors.memory`.
 */
export function encodeModule(kernels: readonly ElementwiseKernel[]): Uint8Array<ArrayBuffer> {
  const types = kernels.map((kernel): Bytes => [functionType, ...sized(parameterTypes(kernel)), 0]);
  const memory = [...text('vectors'), ...text('memory'), 0x02, sharedWithLimit, 0, ...unsigned(maxPages)];
  const exported = kernels.map((kernel, index): Bytes => [...text(kernel.name), 0x00, ...unsigned(index)]);
  return Uint8Array.from([
    ...header,
    ...section(1, list(types)),
    ...section(2, list([memory])),
    ...section(3, list(kernels.map((_, index) => unsigned(index)))),
    ...section(7, list(exported)),
    ...section(10, list(kernels.map(functionBody))),
  ]);
}

/** Vectors that a call of any of these kernels reads and writes, at most. */
export function mostVectors(kernels: readonly ElementwiseKernel[]): number {
  return Math.max(...kernels.map((kernel) => kernel.inputs.length + kernel.outputs.length));
}

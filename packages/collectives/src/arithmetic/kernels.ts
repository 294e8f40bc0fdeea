import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '@tributary/protocol';
import { type WebAssemblyMemory, type WebAssemblyModule, webAssembly } from './web-assembly.js';

/** What `assembly/` exports. All but `length`, `count` and `factor` are byte addresses; lengths count elements. */
export interface KernelExports {
  copy(target: number, source: number, bytes: number): void;
  allFinite(values: number, length: number): number;
  /** `table`: `count` addresses as 32-bit integers. */
  mean(target: number, table: number, count: number, length: number): void;
  combine(target: number, table: number, coefficients: number, count: number, length: number): void;
  /** `sums`: room for 8 float64 a pair; the products are its first numbers afterwards. */
  innerProducts(table: number, count: number, length: number, sums: number): void;
  scale(values: number, length: number, factor: number): void;
  /** `decoded` 0: not wanted. */
  encodeBf16(source: number, target: number, decoded: number, length: number): void;
  decodeBf16(code: number, target: number, length: number): void;
  /** `before` 0: no residual; `decoded` 0: not wanted. */
  encodeInt8(source: number, before: number, after: number, decoded: number, target: number, length: number): void;
  decodeInt8(code: number, target: number, length: number): void;
}

/** The kernels on one memory, for the one thread that holds them: the reserved areas are not shared out. */
export interface Kernels {
  readonly run: KernelExports;
  /** Byte address of a view on the memory; 0 for one that lies elsewhere. */
  addressOf(view: ArrayBufferView): number;
  /** Addresses of the vectors of an operation. */
  readonly table: Uint32Array;
  readonly coefficients: Float64Array;
  readonly sums: Float64Array;
  /** Room for `stagedBytes` that have to be brought to the memory first, from any of its first 8 bytes on. */
  readonly staging: Uint8Array;
}

/** Most vectors of one operation on the memory, and most of them for inner products. */
export const mostVectors = 1_024;
export const mostTasks = 64;

const sumsOfPairs = ((mostTasks * (mostTasks + 1)) / 2) * 8;
const tableAt = 64;
const coefficientsAt = tableAt + 4 * mostVectors;
const sumsAt = coefficientsAt + 8 * mostVectors;
const stagingAt = sumsAt + 8 * sumsOfPairs;
export const stagedBytes = 64 * 1_028;
const stagingBytes = stagedBytes + 8;
/** Bytes at the start of a memory that hold no vector. */
export const reservedBytes = Math.ceil((stagingAt + stagingBytes) / 64) * 64;

let compiled: WebAssemblyModule | null = null;

function compile(): WebAssemblyModule {
  if (webAssembly === undefined) throw new Error('there is no WebAssembly');
  // The same file from the compiled JavaScript and from the source, which tests load.
  const file = fileURLToPath(new URL('../../dist/kernels.wasm', import.meta.url));
  let code: Uint8Array<ArrayBuffer>;
  try {
    code = new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `The kernels of the exchange are not built (${file}): run \`make build\`.`,
      {
        cause,
      },
    );
  }
  return new webAssembly.Module(code);
}

/**
 * Loads the kernels on a memory.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` when they are not built; whatever WebAssembly throws where it cannot run them
 * (no SIMD).
 */
export function loadKernels(memory: WebAssemblyMemory): Kernels {
  if (webAssembly === undefined) throw new Error('there is no WebAssembly');
  compiled ??= compile();
  const { exports } = new webAssembly.Instance(compiled, { env: { memory } });
  const { buffer } = memory;
  return {
    run: exports as unknown as KernelExports,
    addressOf: (view) => (view.buffer === buffer ? view.byteOffset : 0),
    table: new Uint32Array(buffer, tableAt, mostVectors),
    coefficients: new Float64Array(buffer, coefficientsAt, mostVectors),
    sums: new Float64Array(buffer, sumsAt, sumsOfPairs),
    staging: new Uint8Array(buffer, stagingAt, stagingBytes),
  };
}

/**
 * Brings up to `stagedBytes` bytes to the memory and returns their address. To shared memory V8 copies words only where both
 * addresses leave the same remainder by 8, and single bytes, eight times slower, where they do not: so these do.
 */
export function stage({ staging }: Kernels, bytes: Uint8Array): number {
  const remainder = bytes.byteOffset % 8;
  staging.set(bytes, remainder);
  return staging.byteOffset + remainder;
}

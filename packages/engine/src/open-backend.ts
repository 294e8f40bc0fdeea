import { TributaryError } from '@tributary/protocol';
import type { ComputeBackend } from './compute-backend.js';
import { openCpu, openWasm } from './eager/open-eager-backends.js';
import { openTensorflow } from './tensorflow/tensorflow-backend.js';

export interface BackendOptions {
  /** `auto`: the first of tensorflow, wasm and cpu that loads. */
  readonly prefer: 'auto' | 'tensorflow' | 'wasm' | 'cpu';
  /** `cpu` or `gpu:N`; wasm and cpu compute on the processor whatever it says. */
  readonly device: string;
  /** Threads within an operation and between operations; fixed by the run, so that it never depends on the machine. */
  readonly threads: number;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// Measured on the gradient of a GRU encoder and decoder with additive attention (64 symbols, width 256, batch 64,
// 16 + 16 symbols, one thread of an AVX-512 processor) against the same function as one TensorFlow graph.
const wasmInstead = 'WebAssembly computes instead, op by op: about 8 times slower.';
const cpuInstead = 'Plain JavaScript computes instead, op by op: about 400 times slower.';

/**
 * Opens the compute backend. With `auto` it falls back from TensorFlow to WebAssembly to JavaScript, and says so in
 * `notice`. TensorFlow takes its thread counts and device once in the life of a process (see `backendEnvironment`).
 * @throws TributaryError `BACKEND_UNAVAILABLE` when the preferred backend, or for `auto` any, cannot be opened.
 */
export async function openBackend(options: BackendOptions): Promise<ComputeBackend> {
  const { prefer } = options;
  if (prefer === 'tensorflow') return openTensorflow(options, true);
  if (prefer === 'wasm') return openOr('WebAssembly', () => openWasm(null));
  if (prefer === 'cpu') return openOr('The JavaScript backend', () => openCpu(null));
  let why: string;
  try {
    return openTensorflow(options, false);
  } catch (error) {
    why = reasonOf(error);
  }
  try {
    return await openWasm(`${why} ${wasmInstead}`);
  } catch (error) {
    why += ` WebAssembly does not start (${reasonOf(error)}).`;
  }
  return openOr(`${why} The JavaScript backend`, () => openCpu(`${why} ${cpuInstead}`));
}

async function openOr(what: string, open: () => Promise<ComputeBackend>): Promise<ComputeBackend> {
  try {
    return await open();
  } catch (error) {
    const message = `${what} does not start (${reasonOf(error)}): \`tributary doctor\` says how to mend it.`;
    throw new TributaryError('BACKEND_UNAVAILABLE', message, { cause: error });
  }
}

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

/**
 * Opens the compute backend. With `auto` it falls back from TensorFlow to WebAssembly to JavaScript, and says so in
 * `notice`. TensorFlow reads its thread counts once in the life of a process (see `backendEnvironment`).
 * @throws TributaryError `BACKEND_UNAVAILABLE` when the preferred backend cannot be opened.
 */
export async function openBackend(options: BackendOptions): Promise<ComputeBackend> {
  const { prefer } = options;
  if (prefer === 'wasm') return openWasm(null);
  if (prefer === 'cpu') return openCpu(null);
  let why: string;
  try {
    return openTensorflow(options);
  } catch (error) {
    if (prefer === 'tensorflow') throw error;
    why = `The TensorFlow addon did not load (${reasonOf(error)})`;
  }
  try {
    return await openWasm(`${why}; WebAssembly runs instead.`);
  } catch (error) {
    why += `, nor did WebAssembly (${reasonOf(error)})`;
  }
  try {
    return await openCpu(`${why}; plain JavaScript runs instead.`);
  } catch (error) {
    throw new TributaryError('BACKEND_UNAVAILABLE', `${why}, nor did plain JavaScript (${reasonOf(error)}).`, {
      cause: error,
    });
  }
}

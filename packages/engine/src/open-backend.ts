import { TributaryError } from '@tributary/protocol';
import type { BackendKind, ComputeBackend } from './compute-backend.js';
import { openCpu, openWasm } from './eager/open-eager-backends.js';
import { openTensorflow } from './tensorflow/tensorflow-backend.js';
import { openWebgpu } from './webgpu/open-webgpu.js';

export interface BackendOptions {
  /** `auto`: the first of tensorflow, webgpu on a GPU, wasm and cpu that opens. */
  readonly prefer: 'auto' | BackendKind;
  /** `cpu` or `gpu:N`; wasm and cpu compute on the processor whatever it says. */
  readonly device: string;
  /** Threads within an operation and between operations; fixed by the run, so that it never depends on the machine. */
  readonly threads: number;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const names = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'The JavaScript backend',
} as const;

// wasm and cpu: measured on the gradient of a GRU encoder and decoder with additive attention (64 symbols, width 256, batch
// 64, 16 + 16 symbols, one thread of an AVX-512 processor) against the same function as one TensorFlow graph.
const instead = {
  webgpu: 'WebGPU computes instead, op by op.',
  wasm: 'WebAssembly computes instead, op by op: about 8 times slower.',
  cpu: 'Plain JavaScript computes instead, op by op: about 400 times slower.',
} as const;

type Eager = keyof typeof instead;

function openEager(kind: Eager, device: string, auto: boolean, notice: string | null): Promise<ComputeBackend> {
  if (kind === 'wasm') return openWasm(notice);
  if (kind === 'cpu') return openCpu(notice);
  return openWebgpu({ device, hardwareOnly: auto, notice });
}

/**
 * Opens the compute backend. With `auto` it takes the first that opens of TensorFlow, WebGPU on a GPU, WebAssembly and
 * JavaScript, and says in `notice` why the better ones do not run. TensorFlow takes its thread counts and device once in
 * the life of a process (see `backendEnvironment`).
 * @throws TributaryError `BACKEND_UNAVAILABLE` when the preferred backend, or for `auto` any, cannot be opened.
 */
export async function openBackend(options: BackendOptions): Promise<ComputeBackend> {
  const { prefer, device } = options;
  if (prefer === 'tensorflow') return openTensorflow(options, true);
  if (prefer !== 'auto') {
    try {
      return await openEager(prefer, device, false, null);
    } catch (error) {
      throw unavailable(`${names[prefer]} does not start (${reasonOf(error)})`, error);
    }
  }
  let why: string;
  try {
    return openTensorflow(options, false);
  } catch (error) {
    why = reasonOf(error);
  }
  let last: unknown;
  for (const kind of ['webgpu', 'wasm', 'cpu'] as const) {
    try {
      return await openEager(kind, device, true, `${why} ${instead[kind]}`);
    } catch (error) {
      why += ` ${names[kind]} does not start (${reasonOf(error)}).`;
      last = error;
    }
  }
  throw unavailable(why.replace(/\.$/, ''), last);
}

const unavailable = (why: string, cause: unknown): TributaryError =>
  new TributaryError('BACKEND_UNAVAILABLE', `${why}: \`tributary doctor\` says how to mend it.`, { cause });

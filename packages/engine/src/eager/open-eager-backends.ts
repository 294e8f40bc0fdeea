import { dirname, join, sep } from 'node:path';
import { requireHere, tf, useBackend } from '../tensorflow-js.js';
import { completeKernels } from './complete-kernels.js';
import { EagerBackend } from './eager-backend.js';

/** WebAssembly with SIMD on one thread: the order of every sum is fixed. */
export async function openWasm(notice: string | null): Promise<EagerBackend> {
  const wasm: typeof import('@tensorflow/tfjs-backend-wasm') = requireHere('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(dirname(requireHere.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not initialise');
  completeKernels('wasm');
  const { version } = requireHere(join('@tensorflow', 'tfjs-backend-wasm', 'package.json')) as { version: string };
  return new EagerBackend({
    kind: 'wasm',
    tfjsBackend: 'wasm',
    version: `TensorFlow.js ${version}, WebAssembly${simd === true ? ' with SIMD' : ''}, op by op`,
    device: 'cpu',
    notice,
  });
}

/** Plain JavaScript. */
export async function openCpu(notice: string | null): Promise<EagerBackend> {
  if (tf.findBackend('cpu') === null && !(await tf.setBackend('cpu'))) throw new Error('the cpu backend did not start');
  useBackend('cpu');
  // Keeps the backend's advertisement for the addon off the console: `notice` says it.
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  completeKernels('cpu');
  return new EagerBackend({
    kind: 'cpu',
    tfjsBackend: 'cpu',
    version: `TensorFlow.js ${tf.version_core}, JavaScript, op by op`,
    device: 'cpu',
    notice,
  });
}

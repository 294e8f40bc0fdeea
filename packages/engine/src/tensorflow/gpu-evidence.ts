import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireHere } from '../tensorflow-js.js';

/** What this machine says of its NVIDIA GPUs and their driver. */
export interface GpuEvidence {
  /** `/proc/driver/nvidia/version`; null where the driver's kernel module is not loaded. */
  readonly kernelModule: string | null;
  /** What `nvidia-smi` said when asked for each GPU's index, name and driver version; null where there is no nvidia-smi. */
  readonly smi: { readonly ok: boolean; readonly output: string } | null;
  /** Why the driver's library for programs, libcuda, does not load; null where it does. */
  readonly libcudaError: string | null;
  /** Whether the TensorFlow that is set up is the one built with CUDA. */
  readonly cudaBuild: boolean;
}

const smiQuery = ['--query-gpu=index,name,driver_version', '--format=csv,noheader'];

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function askSmi(): GpuEvidence['smi'] {
  const said = spawnSync('nvidia-smi', smiQuery, { encoding: 'utf8', timeout: 20_000 });
  if ((said.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null;
  return { ok: said.status === 0, output: `${said.stdout ?? ''}${said.stderr ?? ''}`.trim() };
}

function libcudaError(): string | null {
  try {
    process.dlopen({ exports: {} }, 'libcuda.so.1');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // What Node says of a library that loads and is no addon.
    return message.includes('did not self-register') ? null : message;
  }
  return null;
}

/** The wheel with CUDA lies beside NVIDIA's libraries. */
function isCudaBuild(): boolean {
  try {
    const addon = dirname(requireHere.resolve('@tensorflow/tfjs-node-gpu/package.json'));
    return existsSync(join(realpathSync(join(addon, 'deps', 'lib')), '..', 'nvidia'));
  } catch {
    return false;
  }
}

/** Looks at the driver, its library, nvidia-smi and TensorFlow; changes nothing. */
export function gatherGpuEvidence(): GpuEvidence {
  return {
    kernelModule: readIfThere('/proc/driver/nvidia/version'),
    smi: askSmi(),
    libcudaError: libcudaError(),
    cudaBuild: isCudaBuild(),
  };
}

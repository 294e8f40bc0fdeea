import { join } from 'node:path';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { requireHere, tf, useBackend } from '../tensorflow-js.js';
import { completeWebgpuKernels } from './complete-webgpu-kernels.js';
import { type GpuAdapter, type GpuAdapterInfo, type GpuDevice, withNavigator } from './dawn.js';
import { type FoundAdapter, findAdapter } from './find-adapter.js';
import { WebgpuBackend } from './webgpu-backend.js';

interface WebgpuModule {
  readonly WebGPUBackend: new (device: GpuDevice, info: GpuAdapterInfo) => KernelBackend;
}

/** The device of this process: TensorFlow.js has one backend of this name. */
interface OpenDevice extends FoundAdapter {
  readonly failure: () => string | undefined;
  readonly destroy: () => void;
  users: number;
}

let opening: Promise<OpenDevice> | undefined;

// The default limits of WebGPU (128 MiB a buffer) are too small for a batch's logits.
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const;

async function openDevice(adapter: GpuAdapter): Promise<GpuDevice> {
  const limits = wantedLimits.map((name) => [name, adapter.limits[name] as number]);
  return adapter.requestDevice({ requiredLimits: Object.fromEntries(limits) as Record<string, number> });
}

async function open(accept: (found: FoundAdapter) => void): Promise<OpenDevice> {
  const found = await findAdapter();
  accept(found);
  const device = await openDevice(found.adapter);
  let failure: string | undefined;
  let destroyed = false;
  device.addEventListener('uncapturederror', ({ error }) => {
    failure ??= error.message.trim();
  });
  void device.lost.then(({ reason, message }) => {
    if (!destroyed) failure ??= `lost: ${reason} ${message}`.trim();
  });
  withNavigator(found.gpu, () => {
    const { WebGPUBackend } = requireHere('@tensorflow/tfjs-backend-webgpu') as WebgpuModule;
    // The package registers a backend of its own when it is first loaded.
    if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', () => new WebGPUBackend(device, found.adapter.info), 0);
    useBackend('webgpu');
  });
  completeWebgpuKernels();
  return {
    ...found,
    users: 0,
    failure: () => failure,
    destroy: () => {
      destroyed = true;
      if (tf.getBackend() === 'webgpu') useBackend('cpu');
      tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}

export interface WebgpuOptions {
  /** `cpu` or `gpu:0`: WebGPU offers no choice among several GPUs. */
  readonly device: string;
  /** Refuses an adapter that computes on the processor. */
  readonly hardwareOnly: boolean;
  /** Why a better backend does not run. */
  readonly notice: string | null;
}

/**
 * Opens WebGPU through Dawn. Several backends share the one device of the process; it is given back with the last of them.
 *
 * @throws Error saying what is missing.
 */
export async function openWebgpu({ device, hardwareOnly, notice }: WebgpuOptions): Promise<WebgpuBackend> {
  if (device !== 'cpu' && device !== 'gpu:0') {
    throw new Error(`WebGPU offers no choice among GPUs, so it cannot take "${device}": give "gpu:0"`);
  }
  const accept = ({ software, name }: FoundAdapter): void => {
    if (hardwareOnly && software) throw new Error(`its only adapter, ${name}, computes on the processor`);
  };
  const used = opening ?? open(accept);
  opening = used;
  let shared: OpenDevice;
  try {
    shared = await used;
    accept(shared);
  } catch (error) {
    if (opening === used) opening = undefined;
    throw error;
  }
  shared.users += 1;
  const { version } = requireHere(join('@tensorflow', 'tfjs-backend-webgpu', 'package.json')) as { version: string };
  const slow = `${shared.name} computes on the processor: good for tests, too slow to train with.`;
  return new WebgpuBackend({
    version: `TensorFlow.js ${version}, WebGPU on ${shared.name}, op by op`,
    device: shared.software ? 'cpu' : 'gpu:0',
    notice: shared.software ? slow : notice,
    failure: shared.failure,
    close: () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      opening = undefined;
      shared.destroy();
    },
  });
}

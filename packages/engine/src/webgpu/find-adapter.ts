import { type Gpu, type GpuAdapter, openDawn } from './dawn.js';
import { loadVulkan } from './vulkan-loader.js';

export interface FoundAdapter {
  readonly gpu: Gpu;
  readonly adapter: GpuAdapter;
  /** For example `NVIDIA GeForce RTX 4090`. */
  readonly name: string;
  /** It computes on the processor. */
  readonly software: boolean;
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render driver/i;

/** Whether an adapter computes on the processor: drivers of that kind say so, and are known by name where they do not. */
export const isSoftware = ({ info }: GpuAdapter): boolean =>
  info.isFallbackAdapter === true || softwareNames.test(`${info.device} ${info.description} ${info.architecture}`);

/**
 * The fastest WebGPU adapter.
 *
 * @throws Error saying what is missing: the package, the Vulkan loader, or a driver.
 */
export async function findAdapter(): Promise<FoundAdapter> {
  loadVulkan();
  let gpu: Gpu;
  try {
    gpu = await openDawn();
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new Error(`the npm package "webgpu" does not load (${message}): run npm ci without --omit=optional`, {
      cause: error,
    });
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new Error('no Vulkan driver offers an adapter that Dawn takes: install the driver of the GPU');
  }
  const { info } = adapter;
  const name = info.description || info.device || `${info.vendor} ${info.architecture}`.trim();
  return { gpu, adapter, name: isSoftware(adapter) ? `${info.device} (${name})` : name, software: isSoftware(adapter) };
}

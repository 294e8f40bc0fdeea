import { pathToFileURL } from 'node:url';
import { requireHere } from '../tensorflow-js.js';

/** What is used of the WebGPU API, so that this package compiles without the optional package `webgpu`. */
export interface GpuAdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** True for an adapter that computes on the processor. */
  readonly isFallbackAdapter?: boolean;
}

export interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(type: 'uncapturederror', listener: (event: { readonly error: Error }) => void): void;
  destroy(): void;
}

export interface GpuAdapter {
  readonly info: GpuAdapterInfo;
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: { readonly requiredLimits: Readonly<Record<string, number>> }): Promise<GpuDevice>;
}

export interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<GpuAdapter | null>;
}

interface Dawn {
  create(options: readonly string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}

/**
 * Loads Dawn, Chromium's implementation of WebGPU, and opens it on Vulkan. Its constants (`GPUBufferUsage` …), which TensorFlow.js
 * takes from the global object, are put there.
 */
export async function openDawn(): Promise<Gpu> {
  const { create, globals } = (await import(pathToFileURL(requireHere.resolve('webgpu')).href)) as Dawn;
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  return create(process.platform === 'linux' ? ['backend=vulkan'] : []);
}

/** Runs `work` while `navigator.gpu` is there: TensorFlow.js looks for it when it loads and when it makes a backend. */
export function withNavigator<T>(gpu: Gpu, work: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    return work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}

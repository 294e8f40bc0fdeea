import type { KernelConfig, KernelFunc } from '@tensorflow/tfjs-core';
import { tf } from '../tensorflow-js.js';

/** Registers a kernel in the place of a backend's own, which `wrap` is given (or one that throws, where there is none). */
export function replaceKernel(
  kernelName: string,
  backendName: string,
  wrap: (original: KernelFunc) => KernelFunc,
): void {
  const original: KernelConfig | undefined = tf.getKernel(kernelName, backendName);
  if (original !== undefined) tf.unregisterKernel(kernelName, backendName);
  const missing: KernelFunc = () => {
    throw new Error(`${backendName} has no kernel ${kernelName}`);
  };
  tf.registerKernel({
    kernelName,
    backendName,
    setupFunc: original?.setupFunc,
    disposeFunc: original?.disposeFunc,
    kernelFunc: wrap(original?.kernelFunc ?? missing),
  });
}

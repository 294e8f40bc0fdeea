import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { tf } from '../tensorflow-js.js';
import type { NodeBackend } from './binding.js';

/** The name under which recording backends and their kernels are registered (tfjs forbids underscores in it). */
export const recordingBackendName = 'tributary-recording';

/**
 * The addon's own kernel reads the indices to check their range, which cannot be done while they are unknown.
 * TensorFlow checks them at every run.
 */
const gather: KernelConfig = {
  kernelName: 'GatherV2',
  backendName: recordingBackendName,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    const node = backend as NodeBackend;
    const { binding } = node;
    const type = (name: string, dtype: string) => ({
      name,
      type: binding.TF_ATTR_TYPE,
      value: node.getDTypeInteger(dtype),
    });
    return tf.tidy(() =>
      node.executeSingleOutput(
        'GatherV2',
        [
          { name: 'batch_dims', type: binding.TF_ATTR_INT, value: batchDims },
          type('Tparams', x.dtype),
          type('Tindices', indices.dtype),
          type('Taxis', 'int32'),
        ],
        [x, indices, tf.scalar(axis, 'int32')],
      ),
    );
  },
};

/** Gives recording backends the kernels of the `tensorflow` backend. Does so once; later calls change nothing. */
export function registerRecordingKernels(): void {
  if (tf.getKernel('GatherV2', recordingBackendName) !== undefined) return;
  tf.copyRegisteredKernels('tensorflow', recordingBackendName);
  tf.unregisterKernel('GatherV2', recordingBackendName);
  tf.registerKernel(gather);
}

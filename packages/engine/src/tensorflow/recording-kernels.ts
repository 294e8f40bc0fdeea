import type { KernelConfig, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../eager/replace-kernel.js';
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

/**
 * The addon's own kernel writes every product as `BatchMatMulV2`. One of two matrices is as fast as `MatMul`, which
 * TensorFlow makes one operation with a `BiasAdd` and an activation after it.
 */
const matMul =
  (product: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    if (a.shape.length !== 2 || b.shape.length !== 2) return product(call);
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const node = call.backend as NodeBackend;
    const { binding } = node;
    const attributes = [
      { name: 'T', type: binding.TF_ATTR_TYPE, value: node.getDTypeInteger(a.dtype) },
      { name: 'transpose_a', type: binding.TF_ATTR_BOOL, value: transposeA },
      { name: 'transpose_b', type: binding.TF_ATTR_BOOL, value: transposeB },
    ];
    return node.executeSingleOutput('MatMul', attributes, [a, b]);
  };

/** Gives recording backends the kernels of the `tensorflow` backend. Does so once; later calls change nothing. */
export function registerRecordingKernels(): void {
  if (tf.getKernel('GatherV2', recordingBackendName) !== undefined) return;
  tf.copyRegisteredKernels('tensorflow', recordingBackendName);
  tf.unregisterKernel('GatherV2', recordingBackendName);
  tf.registerKernel(gather);
  replaceKernel('BatchMatMul', recordingBackendName, matMul);
}

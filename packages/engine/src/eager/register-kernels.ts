import type { DataId, KernelBackend, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { elementsOf } from '../tensor-spec.js';
import { tf } from '../tensorflow-js.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

const dtypeOf = (info: TensorInfo): 'float32' | 'int32' => (info.dtype === 'int32' ? 'int32' : 'float32');

/**
 * The gradient of a gather, summed in plain JavaScript: the wasm backend has no such kernel, and that of the cpu
 * backend takes one pass over the input for each row of the result.
 */
const unsortedSegmentSumKernel = (backendName: string): KernelConfig => ({
  kernelName: 'UnsortedSegmentSum',
  backendName,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const compute = backend as KernelBackend;
    const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
    const { numSegments } = attrs as unknown as { numSegments: number };
    const width = elementsOf(x.shape.slice(segmentIds.shape.length));
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    const dtype = dtypeOf(x);
    const segments = compute.readSync(segmentIds.dataId) as Int32Array;
    const values = compute.readSync(x.dataId);
    const sum =
      dtype === 'float32'
        ? unsortedSegmentSum(values as Float32Array, segments, numSegments, width, new Float32Array(numSegments * width))
        : unsortedSegmentSum(values as Int32Array, segments, numSegments, width, new Int32Array(numSegments * width));
    const dataId: DataId = compute.write(sum, shape, dtype);
    return { dataId, shape, dtype };
  },
});

/** Completes a backend's kernels for the gradients of the models. Does so once; later calls change nothing. */
export function registerMissingKernels(backendName: 'wasm' | 'cpu'): void {
  if (completed.has(backendName)) return;
  if (tf.getKernel('UnsortedSegmentSum', backendName) !== undefined) {
    tf.unregisterKernel('UnsortedSegmentSum', backendName);
  }
  tf.registerKernel(unsortedSegmentSumKernel(backendName));
  completed.add(backendName);
}

const completed = new Set<string>();

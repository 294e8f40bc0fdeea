import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { elementsOf } from '../tensor-spec.js';
import { tf } from '../tensorflow-js.js';
import { roundedOperands, toBfloat16 } from './bfloat16-products.js';
import { emptySum } from './empty-sum.js';
import { gatherRows } from './gather-rows.js';
import { replaceKernel } from './replace-kernel.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

type Values = Float32Array | Int32Array | Uint8Array;

function write(backend: unknown, values: Values, shape: number[], dtype: TensorInfo['dtype']): TensorInfo {
  return { dataId: (backend as KernelBackend).write(values, shape, dtype), shape, dtype };
}

const read = <T extends Values>(backend: unknown, tensor: TensorInfo): T =>
  (backend as KernelBackend).readSync(tensor.dataId) as T;

/**
 * The gradient of a gather, summed in plain JavaScript: the wasm backend has no such kernel, and that of the cpu
 * backend takes one pass over the input for each row of the result.
 */
const sumSegments: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as { numSegments: number };
  const rowShape = x.shape.slice(segmentIds.shape.length);
  const width = elementsOf(rowShape);
  const segments = read<Int32Array>(backend, segmentIds);
  const values = read<Float32Array | Int32Array>(backend, x);
  const sum = x.dtype === 'int32' ? new Int32Array(numSegments * width) : new Float32Array(numSegments * width);
  unsortedSegmentSum(values, segments, numSegments, width, sum);
  return write(backend, sum, [numSegments, ...rowShape], x.dtype);
};

/** The wasm kernel of 4.22 reads the wrong rows when there are batch dimensions. */
const gather =
  (original: KernelFunc): KernelFunc =>
  (call) => {
    const { inputs, attrs, backend } = call;
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    if (batchDims === 0) return original(call);
    const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
    const shape = tf.backend_util.segment_util.collectGatherOpShapeInfo(x as never, indices as never, axis, batchDims);
    const values = read<Values>(backend, x);
    const result = values.slice(0, 0).constructor as new (length: number) => Values;
    const sizes = {
      batch: shape.batchSize,
      outer: shape.outerSize,
      axis: shape.dimSize,
      inner: shape.sliceSize,
      indices: elementsOf(indices.shape) / shape.batchSize,
    };
    const gathered = gatherRows(
      values,
      read<Int32Array>(backend, indices),
      sizes,
      new result(elementsOf(shape.outputShape)),
    );
    return write(backend, gathered, shape.outputShape, x.dtype);
  };

/**
 * The wasm kernel multiplies transposed matrices by a slow loop and plain ones by XNNPACK: transposing first is about
 * ten times faster for the gradients of a product.
 */
const matMul =
  (original: KernelFunc): KernelFunc =>
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    const single = elementsOf(a.shape.slice(0, -2)) === 1 && elementsOf(b.shape.slice(0, -2)) === 1;
    if (!single || !(transposeA || transposeB)) return original(call);
    const transpose = tf.getKernel('Transpose', 'wasm').kernelFunc;
    const made: TensorInfo[] = [];
    const turned = (x: TensorInfo): TensorInfo => {
      const axes = x.shape.map((_, index) => index);
      const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
      const result = transpose({ inputs: { x }, attrs: { perm }, backend }) as TensorInfo;
      made.push(result);
      return result;
    };
    const plain = { a: transposeA ? turned(a) : a, b: transposeB ? turned(b) : b };
    const product = original({ inputs: plain, attrs: { transposeA: false, transposeB: false }, backend });
    for (const { dataId } of made) (backend as KernelBackend).disposeData(dataId);
    return product;
  };

const roundedProduct = (original: KernelFunc): KernelFunc =>
  roundedOperands(
    original,
    (backend, x) => write(backend, toBfloat16(read<Float32Array>(backend, x)), x.shape, 'float32'),
    (backend, { dataId }) => (backend as KernelBackend).disposeData(dataId),
  );

const completed = new Set<string>();

/** Completes and mends a backend's kernels for the models' functions. Does so once; later calls change nothing. */
export function completeKernels(backendName: 'wasm' | 'cpu'): void {
  if (completed.has(backendName)) return;
  replaceKernel('UnsortedSegmentSum', backendName, () => sumSegments);
  if (backendName === 'wasm') {
    replaceKernel('GatherV2', 'wasm', gather);
    replaceKernel('BatchMatMul', 'wasm', matMul);
    replaceKernel('Sum', 'wasm', emptySum);
  }
  replaceKernel('BatchMatMul', backendName, roundedProduct);
  replaceKernel('_FusedMatMul', backendName, roundedProduct);
  completed.add(backendName);
}

import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { elementsOf } from '../tensor-spec.js';
import { tf } from '../tensorflow-js.js';

/** A `Sum` that gives 0 for no elements: the wasm kernel leaves it unset, the webgpu kernel fails. */
export const emptySum =
  (original: KernelFunc): KernelFunc =>
  (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    if (elementsOf(x.shape) > 0) return original(call);
    const { axis, keepDims } = call.attrs as { axis: number | number[]; keepDims: boolean };
    const axes = tf.util.parseAxisParam(axis, x.shape);
    const [reduced] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes) as [number[], number[]];
    const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(reduced, axes) : reduced;
    const dtype = x.dtype === 'bool' ? 'int32' : x.dtype;
    const zeros = new (dtype === 'int32' ? Int32Array : Float32Array)(elementsOf(shape));
    return { dataId: (call.backend as KernelBackend).write(zeros, shape, dtype), shape, dtype };
  };

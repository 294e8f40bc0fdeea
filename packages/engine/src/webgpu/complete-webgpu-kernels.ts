import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { roundedOperands } from '../eager/bfloat16-products.js';
import { emptySum } from '../eager/empty-sum.js';
import { replaceKernel } from '../eager/replace-kernel.js';
import { elementsOf } from '../tensor-spec.js';
import { tf } from '../tensorflow-js.js';
import { bfloat16Program } from './bfloat16-program.js';
import { segmentSumProgram } from './segment-sum-program.js';
import type { ProgramRunner } from './webgpu-program.js';

function reshaped(backend: unknown, x: TensorInfo, shape: readonly number[]): TensorInfo {
  const reshape = tf.getKernel('Reshape', 'webgpu').kernelFunc;
  return reshape({ inputs: { x }, backend: backend as KernelBackend, attrs: { shape: [...shape] } }) as TensorInfo;
}

/** The gradient of a gather, added in row order. */
const sumSegments: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as { numSegments: number };
  const rows = elementsOf(segmentIds.shape);
  const rowShape = x.shape.slice(segmentIds.shape.length);
  const width = elementsOf(rowShape);
  const device = backend as ProgramRunner;
  const matrix = reshaped(backend, x, [rows, width]);
  const ids = reshaped(backend, segmentIds, [rows]);
  const program = segmentSumProgram(numSegments, width, x.dtype === 'int32' ? 'int32' : 'float32');
  const sum = device.runWebGPUProgram(program, [matrix, ids], x.dtype, [{ type: 'int32', data: [rows] }]);
  const result = reshaped(backend, sum, [numSegments, ...rowShape]);
  for (const { dataId } of [matrix, ids, sum]) device.disposeData(dataId);
  return result;
};

/** The backend's choices of a matrix product, by number. */
const programs = { smallOutput: 2, packed: 3 } as const;

/**
 * For a long inner dimension and a small result the backend splits the sum over threads that add atomically, in whatever
 * order they come: the bits would differ from run to run. Another of its programs is named instead.
 */
const orderedMatMul =
  (original: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const [rows, inner] = (transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2)) as [number, number];
    const columns = (transposeB ? b.shape.at(-2) : b.shape.at(-1)) as number;
    if (inner < shortestSplit || rows * columns <= largestReduced) return original(call);
    const groups = Math.ceil(rows / 32) * Math.ceil(columns / 32);
    const env = tf.env();
    const before = env.getNumber(programFlag);
    env.set(programFlag, groups <= fewGroups ? programs.smallOutput : programs.packed);
    try {
      return original(call);
    } finally {
      env.set(programFlag, before);
    }
  };

const programFlag = 'WEBGPU_MATMUL_PROGRAM_TYPE';
// The backend's own bounds: it splits from this inner length on, and reduces in one workgroup up to this many results.
const shortestSplit = 2000;
const largestReduced = 128;
const fewGroups = 16;

const product = (original: KernelFunc): KernelFunc =>
  roundedOperands(
    orderedMatMul(original),
    (device, x) => (device as ProgramRunner).runWebGPUProgram(bfloat16Program(x.shape), [x], 'float32', undefined),
    (device, { dataId }) => (device as ProgramRunner).disposeData(dataId),
  );

// WebGPU promises 8 storage buffers to a shader; one holds the result.
const mostSummands = 7;

/** The backend's kernel binds all summands at once, more than a shader may have. */
const addInParts =
  (original: KernelFunc): KernelFunc =>
  (call) => {
    const { inputs, backend } = call;
    const summands = Object.values(inputs) as TensorInfo[];
    let [sum, ...rest] = summands as [TensorInfo, ...TensorInfo[]];
    while (rest.length > 0) {
      const part = [sum, ...rest.slice(0, mostSummands - 1)];
      rest = rest.slice(mostSummands - 1);
      const next = original({ ...call, inputs: part as never }) as TensorInfo;
      if (sum !== summands[0]) (backend as KernelBackend).disposeData(sum.dataId);
      sum = next;
    }
    return sum === summands[0] ? original(call) : sum;
  };

let completed = false;

/** Completes and mends the WebGPU backend's kernels for the models' functions. Does so once; later calls change nothing. */
export function completeWebgpuKernels(): void {
  if (completed) return;
  // One path for every size, the one that is tested: by default small tensors are computed in JavaScript.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  replaceKernel('UnsortedSegmentSum', 'webgpu', () => sumSegments);
  replaceKernel('AddN', 'webgpu', addInParts);
  replaceKernel('Sum', 'webgpu', emptySum);
  replaceKernel('BatchMatMul', 'webgpu', product);
  replaceKernel('_FusedMatMul', 'webgpu', product);
  completed = true;
}

import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** What TensorFlow.js's WebGPU backend compiles and dispatches: one compute shader with its sizes. */
export interface WebgpuProgram {
  readonly variableNames: readonly string[];
  readonly uniforms: string;
  readonly workgroupSize: readonly [number, number, number];
  readonly size: boolean;
  readonly outputShape: readonly number[];
  readonly dispatchLayout: { readonly x: readonly number[] };
  /** The backend folds it where it exceeds the device's limits. */
  dispatch: readonly [number, number, number];
  /** Programs of one key share their compiled shader. */
  shaderKey: string;
  getUserCode(): string;
}

/** Threads of a workgroup. */
export const threads = 64;

/** TensorFlow.js's WebGPU backend. */
export interface ProgramRunner extends KernelBackend {
  runWebGPUProgram(
    program: WebgpuProgram,
    inputs: readonly TensorInfo[],
    dtype: TensorInfo['dtype'],
    uniforms: readonly { readonly type: 'int32'; readonly data: readonly number[] }[] | undefined,
  ): TensorInfo;
}

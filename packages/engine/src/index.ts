export { allocateVectors } from './aligned-vectors.js';
export { type CompiledFunction, type CompileOptions, compile, type ShapedData } from './compile.js';
export type {
  BackendKind,
  BackendMemory,
  ComputeBackend,
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
  TraceTiming,
} from './compute-backend.js';
export {
  GraphCache,
  type GraphCacheCounts,
  type GraphCacheOptions,
  type GraphInfo,
  type TraceEvent,
} from './graph-cache.js';
export { type BackendOptions, openBackend } from './open-backend.js';
export * as operations from './operations/index.js';
export { createOptimizer } from './optimizer/create-optimizer.js';
export { createGradientSum, type GradientSum } from './optimizer/gradient-sum.js';
export type { Optimizer, OptimizerUpdate } from './optimizer/optimizer.js';
export { backendEnvironment } from './tensorflow/environment.js';
export { type Tensor, type TensorFlow, tf } from './tensorflow-js.js';

export type {
  BackendKind,
  ComputeBackend,
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
} from './compute-backend.js';
export { type BackendOptions, openBackend } from './open-backend.js';
export * as operations from './operations/index.js';
export { createOptimizer } from './optimizer/create-optimizer.js';
export type { Optimizer, OptimizerUpdate } from './optimizer/optimizer.js';
export { backendEnvironment } from './tensorflow/environment.js';
export { type Tensor, type TensorFlow, tf } from './tensorflow-js.js';

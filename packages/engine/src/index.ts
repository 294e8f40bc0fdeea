export type {
  BackendKind,
  ComputeBackend,
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
} from './compute-backend.js';
export { type BackendOptions, openBackend } from './open-backend.js';
export { type Tensor, type TensorFlow, tf } from './tensorflow-js.js';

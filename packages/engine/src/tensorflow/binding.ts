import type { DataId, DataStorage, KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';

/** The parts of the addon's interface, and of the tfjs backend built on it, that tracing uses. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export interface OpAttribute {
  readonly name: string;
  /** One of the binding's TF_ATTR_ numbers. */
  readonly type: number;
  readonly value: unknown;
}

export interface Binding {
  createTensor(shape: number[], dtype: number, data: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(op: string, attributes: OpAttribute[], inputIds: number[], outputCount: number): TensorMetadata[];
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputIds: number[], feeds: string, fetches: string): TensorMetadata[];
  getNumOfSavedModels(): number;
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_Version: string;
}

/** What the backend keeps of a tensor: `values` until an operation first needs it, an `id` of the binding from then on. */
export interface TensorRecord {
  readonly shape: number[];
  readonly dtype: number;
  id: number;
  values: Float32Array | Int32Array | Uint8Array | null;
  refCount: number;
}

export interface NodeBackend extends KernelBackend {
  binding: Binding;
  tensorMap: DataStorage<TensorRecord>;
  getDTypeInteger(dtype: string): number;
  getInputTensorIds(tensors: readonly (Tensor | TensorInfo)[]): number[];
  executeSingleOutput(op: string, attributes: OpAttribute[], inputs: readonly TensorInfo[]): Tensor;
  readSync(dataId: DataId): Float32Array | Int32Array | Uint8Array;
}

export type NodeBackendClass = new (binding: Binding, packageName: string) => NodeBackend;

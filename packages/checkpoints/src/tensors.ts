/** Element types of checkpoint tensors, by safetensors name. */
export const dtypes = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
} as const;
export type Dtype = keyof typeof dtypes;
export type TensorData = InstanceType<(typeof dtypes)[Dtype]>;

/** A tensor of a checkpoint: row-major data of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type Tensors = Readonly<Record<string, Tensor>>;

export function dtypeOf(data: TensorData): Dtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  return data instanceof BigInt64Array ? 'I64' : 'U8';
}

/** The bytes of tensor data, little-endian as on every platform that Node runs TensorFlow on. A view, not a copy. */
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Names in canonical order: by UTF-8 bytes, which is Unicode code point order. */
export function canonicalNames(tensors: Tensors): string[] {
  return Object.keys(tensors).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

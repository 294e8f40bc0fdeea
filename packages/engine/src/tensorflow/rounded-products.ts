import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { roundedOperands } from '../eager/bfloat16-products.js';
import { replaceKernel } from '../eager/replace-kernel.js';
import { bfloat16 } from './bfloat16-products.js';
import type { NodeBackend } from './binding.js';

/** The nearest bfloat16 of each number, as float32, by TensorFlow's own casts. */
function round(backend: NodeBackend, x: TensorInfo): TensorInfo {
  const { binding } = backend;
  const cast = (id: number, from: number, to: number) => {
    const attributes = [
      { name: 'SrcT', type: binding.TF_ATTR_TYPE, value: from },
      { name: 'DstT', type: binding.TF_ATTR_TYPE, value: to },
      { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false },
    ];
    return binding.executeOp('Cast', attributes, [id], 1)[0] as { readonly id: number };
  };
  const half = cast(backend.getInputTensorIds([x])[0] as number, binding.TF_FLOAT, bfloat16);
  const { id } = cast(half.id, bfloat16, binding.TF_FLOAT);
  binding.deleteTensor(half.id);
  const dataId: DataId = {};
  backend.tensorMap.set(dataId, { id, shape: x.shape, dtype: binding.TF_FLOAT, values: null, refCount: 1 });
  return { dataId, shape: x.shape, dtype: 'float32' };
}

function free(backend: NodeBackend, { dataId }: TensorInfo): void {
  backend.binding.deleteTensor(backend.tensorMap.get(dataId).id);
  backend.tensorMap.delete(dataId);
}

let completed = false;

/** Lets TensorFlow's op-by-op products round their operands where a function asks for it. Does so once. */
export function completeEagerProducts(): void {
  if (completed) return;
  replaceKernel('BatchMatMul', 'tensorflow', (original) =>
    roundedOperands(
      original,
      (backend, x) => round(backend as NodeBackend, x),
      (backend, x) => free(backend as NodeBackend, x),
    ),
  );
  completed = true;
}

import type { Tensors } from '@tributary/checkpoints';

/** The buffers that these tensors lie on, each once. */
export function buffersOf(tensors: Tensors): ArrayBuffer[] {
  return [...new Set(Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer))];
}

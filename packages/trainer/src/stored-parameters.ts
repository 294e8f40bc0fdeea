import type { Tensors } from '@tributary/checkpoints';
import { allocateVectors } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import { TributaryError } from '@tributary/protocol';

/**
 * The parameters of a part of a checkpoint as one vector, where graphs read it in place.
 * @returns f32[layout.elements]
 * @throws TributaryError `CHECKPOINT_CORRUPT` where the part lacks a parameter
 */
export function storedParameters(tensors: Tensors, layout: FlatLayout): Float32Array {
  const [flat] = allocateVectors([layout.elements]) as [Float32Array];
  for (const { name, offset, size } of layout.entries) {
    const data = tensors[`parameter/${name}`]?.data;
    if (!(data instanceof Float32Array) || data.length !== size)
      throw new TributaryError(
        'CHECKPOINT_CORRUPT',
        `The checkpoint has no ${size} values for "${name}"; it belongs to another model or version.`,
      );
    flat.set(data, offset);
  }
  return flat;
}

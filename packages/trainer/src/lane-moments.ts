import type { Tensor, Tensors } from '@tributary/checkpoints';
import type { FlatLayout } from '@tributary/layout';
import { TributaryError } from '@tributary/protocol';
import type { BufferIndex } from './buffer-index.js';
import type { CopyVector } from './vector-copies.js';

/** The slots of one vector, twice: of round k, and of round k+1 while it is built. */
export type VectorMoments = readonly [readonly Float32Array[], readonly Float32Array[]];

/** The inner optimizer's slots of one lane, for its copies of the shared and of its task's parameters. */
export interface LaneMoments {
  readonly shared: VectorMoments;
  readonly task: VectorMoments;
}

/** The vectors of a lane's moments by name and layout: `<slot>/shared` and `<slot>/task`. */
export interface MomentLayouts {
  readonly slots: readonly string[];
  readonly shared: FlatLayout;
  readonly task: FlatLayout;
}

/** Copies as named tensors, `inner/shared/<slot>/<parameter>` and `inner/task/<slot>/<parameter>`. */
export function momentTensors(
  moments: LaneMoments,
  buffer: BufferIndex,
  layouts: MomentLayouts,
  copy: CopyVector,
): Tensors {
  const tensors: Record<string, Tensor> = {};
  const copies = new Map<Float32Array, Float32Array<ArrayBuffer>>();
  for (const { name, flat, offset, size, shape } of placesOf(moments, buffer, layouts)) {
    const vector = copies.get(flat) ?? copy(flat);
    copies.set(flat, vector);
    tensors[name] = { shape, data: vector.subarray(offset, offset + size) };
  }
  return tensors;
}

/** Puts a part's tensors back. @throws TributaryError `CHECKPOINT_CORRUPT` where one is missing or of another size */
export function restoreMoments(
  part: string,
  tensors: Tensors,
  moments: LaneMoments,
  buffer: BufferIndex,
  layouts: MomentLayouts,
): void {
  for (const { name, flat, offset, size } of placesOf(moments, buffer, layouts)) {
    const data = tensors[name]?.data;
    if (!(data instanceof Float32Array) || data.length !== size)
      throw new TributaryError(
        'CHECKPOINT_CORRUPT',
        `Part "${part}" of the checkpoint has no ${size} values for "${name}"; it belongs to another model or version.`,
      );
    flat.set(data, offset);
  }
}

function* placesOf(moments: LaneMoments, buffer: BufferIndex, layouts: MomentLayouts) {
  for (const vector of ['shared', 'task'] as const) {
    for (const [index, slot] of layouts.slots.entries()) {
      const flat = moments[vector][buffer][index] as Float32Array;
      for (const { name, offset, size, shape } of layouts[vector].entries)
        yield { name: `inner/${vector}/${slot}/${name}`, flat, offset, size, shape };
    }
  }
}

import type { Tensor, Tensors } from '@tributary/checkpoints';
import type { LaneResiduals } from '@tributary/collectives';
import { TributaryError } from '@tributary/protocol';
import type { CursorPosition } from './compute-messages.js';
import { type CopyVector, copied } from './vector-copies.js';

/** What one lane carries from step to step. */
export interface LaneState {
  readonly cursor: CursorPosition;
  /** What its codes have lost so far; null: the codec loses nothing that is kept. */
  readonly residuals: LaneResiduals | null;
}

/** A lane's state as tensors; data are copies. */
export function lanePart({ cursor, residuals }: LaneState, copy: CopyVector = copied): Tensors {
  const tensors: Record<string, Tensor> = {
    cursor: { shape: [2], data: Int32Array.of(cursor.epoch, cursor.position) },
  };
  const add = (name: string, data: Float32Array): void => {
    tensors[name] = { shape: [data.length], data: copy(data) };
  };
  if (residuals) {
    add('residual/shared', residuals.shared);
    if (residuals.task) add('residual/task', residuals.task);
  }
  return tensors;
}

/** The lengths that a lane's residuals have in this run. */
export interface LaneSizes {
  readonly sharedElements: number;
  readonly taskElements: number;
}

/** @throws TributaryError `CHECKPOINT_CORRUPT` */
export function restoreLane(lane: number, tensors: Tensors, sizes: LaneSizes): LaneState {
  const corrupt = (what: string): TributaryError =>
    new TributaryError('CHECKPOINT_CORRUPT', `Part "lane-${lane}" of the checkpoint ${what}.`);
  const residual = (name: string, elements: number): Float32Array | null => {
    const data = tensors[name]?.data;
    if (data === undefined) return null;
    if (!(data instanceof Float32Array) || data.length !== elements)
      throw corrupt(`has no ${elements} values for "${name}"; it belongs to another model or version`);
    return data;
  };
  const cursor = tensors.cursor?.data;
  if (!(cursor instanceof Int32Array) || cursor.length !== 2) throw corrupt('holds no cursor');
  const shared = residual('residual/shared', sizes.sharedElements);
  return {
    cursor: { epoch: cursor[0] as number, position: cursor[1] as number },
    residuals: shared && { shared, task: residual('residual/task', sizes.taskElements) },
  };
}

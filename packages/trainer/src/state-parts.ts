import type { Tensor, Tensors } from '@tributary/checkpoints';
import type { FlatLayout } from '@tributary/layout';
import type { SequenceModel } from '@tributary/models';
import { TributaryError } from '@tributary/protocol';
import type { VectorState } from './run-state.js';
import { type CopyVector, copied } from './vector-copies.js';

export { partNames } from '@tributary/planner';

/** The parts with parameters: the name of each in a checkpoint, and the layout of its vector. */
export function stateParts(model: SequenceModel, tasks: readonly string[]): { part: string; layout: FlatLayout }[] {
  return [
    { part: 'shared', layout: model.sharedLayout },
    ...tasks.map((task) => ({ part: `task-${task}`, layout: model.task(task).layout })),
  ];
}

/**
 * One vector and its optimizer moments as named tensors, `parameter/<name>` and `<slot>/<name>`, and `updates`, the number of
 * updates that it has had. Data are copies.
 */
export function vectorPart(
  layout: FlatLayout,
  vector: VectorState,
  slots: readonly string[],
  copy: CopyVector = copied,
): Tensors {
  const tensors: Record<string, Tensor> = { updates: count(vector.updates) };
  const add = (prefix: string, vector: Float32Array) => {
    const flat = copy(vector);
    for (const { name, shape, offset, size } of layout.entries) {
      tensors[`${prefix}/${name}`] = { shape, data: flat.subarray(offset, offset + size) };
    }
  };
  add('parameter', vector.parameters[vector.current]);
  slots.forEach((slot, index) => {
    add(slot, vector.slots[vector.current][index] as Float32Array);
  });
  return tensors;
}

/** A whole number that decides the run's course. */
export function count(value: number): Tensor {
  return { shape: [], data: BigInt64Array.of(BigInt(value)) };
}

/** What {@link count} made; null: the checkpoint is older than this number. */
export function countIn(tensors: Tensors, name: string): number | null {
  const data = tensors[name]?.data;
  return data instanceof BigInt64Array && data.length === 1 ? Number(data[0]) : null;
}

/**
 * Puts a part's tensors back into a vector's current buffers. Sizes and names must be those of this model.
 * @param step of the checkpoint: the updates that a vector has had where the part does not say, as those of earlier versions
 */
export function restoreVector(
  part: string,
  tensors: Tensors,
  layout: FlatLayout,
  vector: VectorState,
  slots: readonly string[],
  step: number,
): void {
  const fill = (prefix: string, flat: Float32Array) => {
    for (const { name, size, offset } of layout.entries) {
      const data = tensors[`${prefix}/${name}`]?.data;
      if (!(data instanceof Float32Array) || data.length !== size) {
        throw new TributaryError(
          'CHECKPOINT_CORRUPT',
          `Part "${part}" of the checkpoint has no ${size} values for "${prefix}/${name}"; it belongs to another model or version.`,
        );
      }
      flat.set(data, offset);
    }
  };
  fill('parameter', vector.parameters[vector.current]);
  slots.forEach((slot, index) => {
    fill(slot, vector.slots[vector.current][index] as Float32Array);
  });
  vector.restored(countIn(tensors, 'updates') ?? step);
}

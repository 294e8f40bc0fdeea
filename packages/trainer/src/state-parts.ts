import { type Checkpoint, type EncodedPart, encodePart, type Tensor, type Tensors } from '@tributary/checkpoints';
import type { FlatLayout } from '@tributary/layout';
import type { SequenceModel } from '@tributary/models';
import { type Lane, TributaryError } from '@tributary/protocol';
import type { BufferIndex, CursorPosition } from './compute-messages.js';
import type { VectorState } from './run-state.js';

/** Names of all parts of a run's checkpoint in canonical order: shared, tasks in run-file order, lanes in lane order. */
export function partNames(tasks: readonly string[], lanes: readonly Lane[]): string[] {
  return ['shared', ...tasks.map((task) => `task-${task}`), ...lanes.map(({ lane }) => `lane-${lane}`)];
}

/** The parts with parameters: the name of each in a checkpoint, and the layout of its vector. */
export function stateParts(model: SequenceModel, tasks: readonly string[]): { part: string; layout: FlatLayout }[] {
  return [
    { part: 'shared', layout: model.sharedLayout },
    ...tasks.map((task) => ({ part: `task-${task}`, layout: model.task(task).layout })),
  ];
}

/** One vector and its optimizer moments as named tensors: `parameter/<name>`, `<slot>/<name>`. Data are copies. */
export function vectorPart(
  layout: FlatLayout,
  vector: VectorState,
  slots: readonly string[],
  buffer: BufferIndex,
): Tensors {
  const tensors: Record<string, Tensor> = {};
  const add = (prefix: string, flat: Float32Array) => {
    for (const { name, shape, offset, size } of layout.entries) {
      tensors[`${prefix}/${name}`] = { shape, data: flat.slice(offset, offset + size) };
    }
  };
  add('parameter', vector.parameters[buffer]);
  slots.forEach((slot, index) => {
    add(slot, vector.slots[buffer][index] as Float32Array);
  });
  return tensors;
}

export function encodeVectorPart(tensors: Tensors, metadata: Readonly<Record<string, string>>): EncodedPart {
  return encodePart({ tensors, metadata });
}

export function encodeLanePart(cursor: CursorPosition, metadata: Readonly<Record<string, string>>): EncodedPart {
  return encodePart({
    tensors: { cursor: { shape: [2], data: Int32Array.of(cursor.epoch, cursor.position) } },
    metadata,
  });
}

/** Puts a part's tensors back into a vector's current buffers. Sizes and names must be those of this model. */
export function restoreVector(
  part: string,
  tensors: Tensors,
  layout: FlatLayout,
  vector: VectorState,
  slots: readonly string[],
  buffer: BufferIndex,
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
  fill('parameter', vector.parameters[buffer]);
  slots.forEach((slot, index) => {
    fill(slot, vector.slots[buffer][index] as Float32Array);
  });
}

export async function restoreCursor(checkpoint: Checkpoint, lane: number): Promise<CursorPosition> {
  const tensors = await checkpoint.part(`lane-${lane}`);
  const data = tensors.cursor?.data;
  if (!(data instanceof Int32Array) || data.length !== 2) {
    throw new TributaryError('CHECKPOINT_CORRUPT', `Part "lane-${lane}" of the checkpoint holds no cursor.`);
  }
  return { epoch: data[0] as number, position: data[1] as number };
}

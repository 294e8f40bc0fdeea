import { allocateVectors } from '@tributary/engine';
import type { Lane } from '@tributary/protocol';

/** One lane's gradients, on memory that both threads see. */
export interface LaneGradients {
  readonly shared: Float32Array;
  readonly task: Float32Array;
}

/** By lane, by parity of the step. */
export type GradientVectors = Readonly<Record<number, readonly [LaneGradients, LaneGradients]>>;

const onItsOwn = (elements: number): Float32Array => allocateVectors([elements])[0] as Float32Array;

/**
 * Gradient vectors of the hosted lanes, twice: the exchange may still serve step k's gradients to slower members while
 * step k+1's are computed.
 */
export function gradientVectors(
  lanes: readonly Lane[],
  sharedElements: number,
  taskElements: (task: string) => number,
  allocate: (elements: number) => Float32Array = onItsOwn,
): GradientVectors {
  return Object.fromEntries(
    lanes.map(({ lane, task }) => {
      const one = (): LaneGradients => ({ shared: allocate(sharedElements), task: allocate(taskElements(task)) });
      return [lane, [one(), one()]];
    }),
  );
}

/** Memory lies in cache lines. */
const alignmentBytes = 64;

/** Bytes that {@link gradientVectors} allocates. */
export function vectorCost(
  lanes: readonly Lane[],
  sharedElements: number,
  taskElements: (task: string) => number,
): number {
  const bytes = (elements: number): number => Math.ceil((elements * 4) / alignmentBytes) * alignmentBytes;
  return lanes.reduce((sum, { task }) => sum + 2 * (bytes(sharedElements) + bytes(taskElements(task))), 0);
}

/** The vectors that receive one lane's gradients of one step. */
export function gradientsOf(vectors: GradientVectors, lane: number, step: number): LaneGradients {
  const found = vectors[lane]?.[step % 2];
  if (!found) throw new Error(`lane ${lane} is not hosted here`);
  return found;
}

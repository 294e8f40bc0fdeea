import { allocateVectors } from '@tributary/engine';
import type { Lane } from '@tributary/protocol';

/** One lane's gradients, on memory that both threads see. */
export interface LaneGradients {
  readonly shared: Float32Array;
  readonly task: Float32Array;
}

/** By lane, by parity of the step. */
export type GradientVectors = Readonly<Record<number, readonly [LaneGradients, LaneGradients]>>;

/**
 * Gradient vectors of the hosted lanes, twice: the exchange may still serve step k's gradients to slower members while
 * step k+1's are computed.
 */
export function gradientVectors(
  lanes: readonly Lane[],
  sharedElements: number,
  taskElements: (task: string) => number,
): GradientVectors {
  return Object.fromEntries(
    lanes.map(({ lane, task }) => {
      const own = taskElements(task);
      const [a, b, c, d] = allocateVectors([sharedElements, own, sharedElements, own]) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      return [
        lane,
        [
          { shared: a, task: b },
          { shared: c, task: d },
        ],
      ];
    }),
  );
}

/** The vectors that receive one lane's gradients of one step. */
export function gradientsOf(vectors: GradientVectors, lane: number, step: number): LaneGradients {
  const found = vectors[lane]?.[step % 2];
  if (!found) throw new Error(`lane ${lane} is not hosted here`);
  return found;
}

import type { Lane } from '@tributary/protocol';
import type { LaneGradientBuffers } from './compute-messages.js';

/** One lane's gradients as both threads see them. */
export interface LaneGradients {
  readonly shared: Float32Array;
  readonly task: Float32Array;
}

/**
 * Gradient memory of the hosted lanes, twice: the exchange may still serve step k's gradients to slower members while
 * step k+1's are computed.
 */
export class LaneBuffers {
  readonly buffers: Readonly<Record<number, readonly [LaneGradientBuffers, LaneGradientBuffers]>>;
  readonly #views: ReadonlyMap<number, readonly LaneGradients[]>;

  constructor(lanes: readonly Lane[], sharedElements: number, taskElements: (task: string) => number) {
    const buffers: Record<number, readonly [LaneGradientBuffers, LaneGradientBuffers]> = {};
    const views = new Map<number, readonly LaneGradients[]>();
    for (const { lane, task } of lanes) {
      const make = (): LaneGradientBuffers => ({
        shared: new SharedArrayBuffer(sharedElements * 4),
        task: new SharedArrayBuffer(taskElements(task) * 4),
      });
      const pair = [make(), make()] as const;
      buffers[lane] = pair;
      views.set(
        lane,
        pair.map(({ shared, task: own }) => ({ shared: new Float32Array(shared), task: new Float32Array(own) })),
      );
    }
    this.buffers = buffers;
    this.#views = views;
  }

  of(lane: number, step: number): LaneGradients {
    const views = this.#views.get(lane)?.[step % 2];
    if (!views) throw new Error(`lane ${lane} is not hosted here`);
    return views;
  }
}

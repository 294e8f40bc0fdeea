import { chunkOf } from './chunk-length.js';
import type { CodecResidual } from './codecs/codec.js';
import type { LaneResiduals } from './exchange-options.js';
import type { ExchangePlan } from './exchange-plan.js';
import type { VectorAllocator } from './vector-allocator.js';

interface LaneState {
  readonly shared: readonly [Float32Array, Float32Array];
  /** Null where the task's gradient is not coded. */
  readonly task: readonly [Float32Array, Float32Array] | null;
  /** Which of the two is that of the last step. */
  current: 0 | 1;
}

/**
 * What codes have taken from the lanes here. A step writes the residual after it beside the one before it, and they change places
 * only when the step counts: a skipped one, and one that is done again, begin from the same.
 */
export class ResidualStore {
  readonly #chunkElements: number;
  readonly #lanes = new Map<number, LaneState>();

  constructor(plan: ExchangePlan, memory: VectorAllocator) {
    this.#chunkElements = plan.chunkElements;
    for (const lane of plan.localLanes) {
      const task = plan.laneTask[lane] as number;
      const pair = (elements: number): [Float32Array, Float32Array] => [
        memory.float32(elements),
        memory.float32(elements),
      ];
      this.#lanes.set(lane, {
        shared: pair(plan.sharedElements),
        task: (plan.taskLanes[task] as readonly number[]).length > 1 ? pair(plan.taskElements[task] as number) : null,
        current: 0,
      });
    }
  }

  /** @throws RangeError for a lane that is not here, or vectors of another length. */
  restore(residuals: ReadonlyMap<number, LaneResiduals>): void {
    for (const [lane, { shared, task }] of residuals) {
      const state = this.#lanes.get(lane);
      if (state === undefined)
        throw new RangeError(`lane ${lane}, whose residual is given, is not hosted by this member`);
      const mine = state.task?.[state.current] ?? null;
      if (shared.length !== state.shared[0].length || task?.length !== mine?.length)
        throw new RangeError(
          `the residual of lane ${lane} has ${shared.length} shared and ${task?.length ?? 'no'} task elements instead of ${state.shared[0].length} and ${mine?.length ?? 'none'}`,
        );
      state.shared[state.current].set(shared);
      if (mine !== null && task !== null) mine.set(task);
    }
  }

  /** The residual of one chunk of a lane's shared gradient. */
  ofShared(lane: number, chunk: number): CodecResidual {
    const { shared, current } = this.#lanes.get(lane) as LaneState;
    return this.#ofChunk(shared, current, chunk);
  }

  /** The residual of one chunk of a lane's task gradient, where that is coded. */
  ofTask(lane: number, chunk: number): CodecResidual {
    const { task, current } = this.#lanes.get(lane) as LaneState;
    return this.#ofChunk(task as readonly [Float32Array, Float32Array], current, chunk);
  }

  #ofChunk(pair: readonly [Float32Array, Float32Array], current: 0 | 1, chunk: number): CodecResidual {
    return {
      before: chunkOf(pair[current], this.#chunkElements, chunk),
      after: chunkOf(pair[1 - current] as Float32Array, this.#chunkElements, chunk),
    };
  }

  /** The step counts: what it wrote for these lanes is in force. */
  advance(present: Uint8Array): void {
    for (const [lane, state] of this.#lanes) if (present[lane] === 1) state.current = state.current === 0 ? 1 : 0;
  }

  of(lane: number): LaneResiduals {
    const { shared, task, current } = this.#lanes.get(lane) as LaneState;
    return { shared: shared[current], task: task?.[current] ?? null };
  }
}

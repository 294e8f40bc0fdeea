import type { Tensors } from '@tributary/checkpoints';
import type { Optimizer } from '@tributary/engine';
import type { ComputeRequest, LaneShare, StateBuffers } from './compute-messages.js';
import type { LaneMoments } from './lane-moments.js';
import type { CopyVector } from './vector-copies.js';

/** How lanes come to what they contribute to an exchange, and what an exchange stands for. */
export interface SyncStrategy {
  /** Steps of the budget in one exchange. */
  readonly steps: number;
  /** What makes the run's next state of what was combined. */
  readonly optimizer: Optimizer;
  /** Largest norm of what was combined; null: no limit. */
  readonly clipNorm: number | null;
  /** Of the run file's optimizer. @param done steps before */
  learningRate(done: number): number;
  /** Takes over what the compute thread keeps for the hosted lanes, before anything else is asked. */
  begin(moments: Readonly<Record<number, LaneMoments>> | null): void;
  /** Asks the compute thread for the contributions of lanes to an exchange, 1 for the first of the run. */
  request(exchange: number, buffers: StateBuffers, lanes: readonly LaneShare[]): ComputeRequest;
  /** The exchange was applied: what these lanes have built beside their state becomes their state. */
  adopt(lanes: readonly LaneShare[]): void;
  /** Copies of what a hosted lane keeps, for its part of a snapshot or checkpoint. */
  laneTensors(lane: number, copy: CopyVector): Tensors;
  /** @throws TributaryError `CHECKPOINT_CORRUPT` where the part lacks something */
  restoreLane(lane: number, tensors: Tensors): void;
}

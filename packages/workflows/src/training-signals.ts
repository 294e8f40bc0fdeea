import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { RunId, RunState, StopRequest, WorkerId } from '@tributary/protocol';

/** Stop for good: at once while the run waits for slots, else at a step that all members agree on. */
export const cancelSignal = defineSignal('cancel');
/** Stop at an agreed step and give the slots back. A queued run keeps its place and pauses once it has begun. */
export const pauseSignal = defineSignal('pause');

/** Train on this many workers from now on (at least 1; never more than the run has lanes), for as long as this attempt lasts. */
export const scaleSignal = defineSignal<[workers: number]>('scale');

/** What the workflow knows of its run; steps and losses are in the run-store and in the live events. */
export interface TrainingRunStatus {
  readonly run: RunId;
  readonly attempt: number;
  readonly state: RunState;
  /** Why it is in that state, in one sentence; null where there is nothing to say. */
  readonly reason: string | null;
  /** The newest generation of this attempt; 0 before the first. */
  readonly generation: number;
  /** Steps done where the newest generation began. */
  readonly resumeStep: number;
  readonly workers: readonly WorkerId[];
  /** Workers that the user has scaled it to; null: as its run file says. */
  readonly wanted: number | null;
  readonly stop: StopRequest | null;
}

export const statusQuery = defineQuery<TrainingRunStatus>('status');

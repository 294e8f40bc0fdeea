import type { LaneIndex, MemberIndex, TaskName, WorkerId } from './ids.js';

/** One stream of batches of one task. */
export interface Lane {
  readonly lane: LaneIndex;
  readonly task: TaskName;
  /** 0 ≤ replica < replicas: which share of the task's batches. */
  readonly replica: number;
  readonly replicas: number;
}

/** A worker's place in one generation. The list's order is the order of shard ownership, never that of sums. */
export interface Member {
  readonly member: MemberIndex;
  readonly worker: WorkerId;
  readonly lanes: readonly LaneIndex[];
  /** Keeps copies of this member's snapshots, on another machine where there is one; null or left out: nobody can. */
  readonly buddy?: WorkerId | null;
}

/** A member's contiguous range of whole blocks of the flat shared gradient; it may be empty. */
export interface Shard {
  readonly member: MemberIndex;
  readonly firstBlock: number;
  readonly blockCount: number;
}

/** Elements in a block: the unit in which inner products are summed. */
export const blockElements = 65_536;

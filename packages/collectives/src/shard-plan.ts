import type { Shard } from '@tributary/protocol';
import type { BlockGroup } from './exchange-options.js';

/** Lanes, shards and chunks of an exchange, before it is settled what each member receives. */
export interface ShardPlan {
  readonly hash: number;
  readonly self: number;
  readonly size: number;
  /** Task names in the order of their first lane. */
  readonly tasks: readonly string[];
  readonly taskElements: readonly number[];
  readonly laneCount: number;
  /** Task of each lane. */
  readonly laneTask: readonly number[];
  readonly laneHost: readonly number[];
  /** Lanes of each task, ascending. */
  readonly taskLanes: readonly (readonly number[])[];
  /** Lanes here, ascending. */
  readonly localLanes: readonly number[];
  /** Members with a lane of each task, ascending. */
  readonly taskHosts: readonly (readonly number[])[];
  readonly hostedTasks: readonly number[];
  /** Chunks of each lane's task gradient. */
  readonly taskChunks: readonly number[];
  readonly sharedElements: number;
  readonly blockCount: number;
  readonly shards: readonly Shard[];
  /** A power of two that divides a block and whose code fits a message. */
  readonly chunkElements: number;
  readonly chunksPerBlock: number;
  readonly chunkCount: number;
  readonly chunkOwner: Uint16Array;
  /** This member's shard, in chunks and elements of the whole. */
  readonly firstChunk: number;
  readonly ownChunks: number;
  readonly firstElement: number;
  readonly ownElements: number;
  /** All chunks, in the order in which a lane's are coded and sent: from the next owner's around to the own ones. */
  readonly chunkOrder: Uint32Array;
  readonly groups: readonly BlockGroup[];
  /** Place in `groups` of each block. */
  readonly groupOfBlock: Uint16Array;
  /** Pairs of tasks where all are present: the most in a step. */
  readonly mostPairs: number;
  /** Float64 values in one message of block sums. */
  readonly sumsPerPart: number;
}

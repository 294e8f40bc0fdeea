import type { Lane, Member } from '@tributary/protocol';
import type { Combiner, CombinerState } from './combiner.js';
import type { VectorMemory } from './vector-memory.js';

/** How gradients are written to the wire. */
export type CodecName = 'fp32' | 'bf16' | 'int8';

/** A run of blocks with a Gram matrix and coefficients of its own. */
export interface BlockGroup {
  readonly name: string;
  readonly firstBlock: number;
  readonly blockCount: number;
}

/** State of the combiner by group. */
export type CombinerStates = Readonly<Record<string, CombinerState>>;

/** What a lane's codes have lost so far, which is added to its next ones. */
export interface LaneResiduals {
  /** [sharedElements] */
  readonly shared: Float32Array;
  /** [taskElements]; null where the task has one lane: its gradient is not coded. */
  readonly task: Float32Array | null;
}

/** What all members of a generation agree on before the first step. Members with other options ignore each other's messages. */
export interface ExchangeOptions {
  /** This member's place in `members`. */
  readonly self: number;
  /** In the order of shard ownership. */
  readonly members: readonly Member[];
  /** All lanes of the run, numbered 0, 1, … */
  readonly lanes: readonly Lane[];
  /** Length of the flat shared gradient. */
  readonly sharedElements: number;
  /** Length of each task's own flat gradient. */
  readonly taskElements: Readonly<Record<string, number>>;
  /** Largest norm of the combined gradient, and of each task's own; null: none. */
  readonly clipNorm: number | null;
  readonly codec: CodecName;
  readonly combiner: Combiner;
  /** The combiner with all its parameters: members with another one ignore each other. */
  readonly combinerName: string;
  /** Combiner state after the step before the first; default: none. */
  readonly combinerState?: CombinerStates;
  /** Residuals of the lanes here after the step before the first; default: zeros. Copied. */
  readonly residuals?: ReadonlyMap<number, LaneResiduals>;
  /** Runs of blocks that cover all of them, in order; default: one group `all`. */
  readonly groups?: readonly BlockGroup[];
  /**
   * Microbatches of each lane in a step, by lane; 0: the lane is absent. The same function on every member, and the same number
   * for all lanes of a task. Default: 1 for each.
   */
  readonly schedule?: (step: number) => readonly number[];
  /** Where the exchange's vectors lie: the trainer's gradients too, so that no copy is needed. Default: its own. */
  readonly memory?: VectorMemory;
  /**
   * Most bytes that this member lets be on their way to it: below the 64 MiB that a NATS server holds for a client, with room
   * for what an interrupted step left behind. Default 24 MiB.
   */
  readonly windowBytes?: number;
  /**
   * Longest message of gradients, head included: a chunk has the largest power of two of elements, between 1,024 and a block, whose
   * code fits. Default 264,192.
   */
  readonly chunkBytes?: number;
  /**
   * Silence after which this member asks again for what is missing; doubled each time until something comes, up to eight
   * times as long. Default 500 ms.
   */
  readonly quietMs?: number;
}

/** One lane's gradient of one step. The arrays may lie on a SharedArrayBuffer. */
export interface LaneContribution {
  readonly lane: number;
  /** Mean over the batch's target tokens, nats. */
  readonly loss: number;
  readonly tokens: number;
  /** [sharedElements] */
  readonly shared: Float32Array;
  /** [taskElements of the lane's task] */
  readonly task: Float32Array;
}

export type ExchangePhase = 'gradients' | 'gram' | 'combined' | 'tasks';

/** Inner products and weights of one group of blocks; tasks in the order of `GradientExchange.tasks`. */
export interface GroupMatrix {
  readonly group: string;
  /** T×T inner products of the tasks' mean gradients; zeros for absent tasks. */
  readonly gram: Float64Array;
  /** [T]: the group's combined gradient before clipping is Σ coefficients[t]·g[t]; 0 for absent tasks. */
  readonly coefficients: Float64Array;
}

/** The same on every member, but for `tasks`, the byte counts and the durations. */
export interface StepResult {
  readonly step: number;
  /** [sharedElements]: combined and clipped. Valid until the next step's result. */
  readonly shared: Float32Array;
  /** For each task with a lane here: the mean over all its lanes, clipped by its own norm. Valid until the next step's result. */
  readonly tasks: ReadonlyMap<string, Float32Array>;
  /** By lane, nats. */
  readonly losses: Float64Array;
  /** By lane. */
  readonly tokens: Float64Array;
  /** One of each group, in order. */
  readonly matrices: readonly GroupMatrix[];
  /** T×T: the sum of the groups' matrices. */
  readonly gram: Float64Array;
  /** [T]: the mean of the groups' coefficients. */
  readonly coefficients: Float64Array;
  /** Indices of the tasks with a lane in this step. */
  readonly presentTasks: readonly number[];
  /** Norm of the combined gradient before clipping. */
  readonly norm: number;
  /** Factor of clipping that is in `shared`. */
  readonly scale: number;
  /** After this step; as before it where the step is skipped. */
  readonly combinerState: CombinerStates;
  /** All members' control bits, OR-ed. */
  readonly control: number;
  /**
   * Lanes whose loss or gradient has a NaN or an infinity, or too large a number for its code. Where there is one, nothing was combined on any member: gradients,
   * matrix and coefficients are zeros, the norm is NaN, and nothing may be applied.
   */
  readonly nonFinite: readonly number[];
  /**
   * Why nothing may be applied: `lanes`, some are not finite; `combined`, all lanes are, but a matrix, a coefficient, the norm
   * or the combined gradient is not, or too large for float32. The same on every member. Null: the step counts.
   */
  readonly skipped: null | 'lanes' | 'combined';
  /** From this member's last contribution to the result: what the exchange took beyond computing. */
  readonly exposedMs: number;
  /** Payload bytes of this step's messages until the result; a broadcast counts once. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /**
   * Time after this member's last contribution until its shard was reduced (`gradients`), from there until the coefficients
   * were known (`gram`), from there until the combined gradient was complete (`combined`); and until its tasks' own gradients
   * were complete (`tasks`).
   */
  readonly phasesMs: Readonly<Record<ExchangePhase, number>>;
}

/** Messages that were not used, since the exchange began. */
export interface ExchangeCounters {
  /** Not a message of this plan. */
  malformed: number;
  /** Of a step that is over. */
  stale: number;
  /** Came a second time. */
  duplicate: number;
  /** Of a step too far ahead, or more of them than are kept. */
  ahead: number;
  /** Times that this member asked again for what was missing. */
  asksRepeated: number;
}

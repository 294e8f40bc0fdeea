import type { Lane, Member } from '@tributary/protocol';

/** What all members of a generation agree on before the first step. Members with other options ignore each other's messages. */
export interface ExchangeOptions {
  /** This member's place in `members`. */
  readonly self: number;
  /** In the order of shard ownership. */
  readonly members: readonly Member[];
  /** All lanes of the run, numbered 0, 1, … */
  readonly lanes: readonly Lane[];
  /** Weight of each task in the combined gradient, above 0. */
  readonly taskWeights: Readonly<Record<string, number>>;
  /** Length of the flat shared gradient. */
  readonly sharedElements: number;
  /** Length of each task's own flat gradient. */
  readonly taskElements: Readonly<Record<string, number>>;
  /** Largest norm of the combined gradient, and of each task's own; null: none. */
  readonly clipNorm: number | null;
  readonly codec: 'fp32';
  readonly combiner: { readonly kind: 'weighted' };
  /**
   * Most bytes that this member lets be on their way to it: below the 64 MiB that a NATS server holds for a client, with room
   * for what an interrupted step left behind. Default 24 MiB.
   */
  readonly windowBytes?: number;
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
  /** T×T inner products of the tasks' mean gradients, tasks in the order of `GradientExchange.tasks`. */
  readonly gram: Float64Array;
  /** [T]: the combined gradient before clipping is Σ coefficients[t]·g[t]. */
  readonly coefficients: Float64Array;
  /** Norm of the combined gradient before clipping. */
  readonly norm: number;
  /** All members' control bits, OR-ed. */
  readonly control: number;
  /**
   * Lanes whose loss or gradient has a NaN or an infinity. Where there is one, nothing was combined on any member: gradients,
   * matrix and coefficients are zeros, the norm is NaN, and nothing may be applied.
   */
  readonly nonFinite: readonly number[];
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

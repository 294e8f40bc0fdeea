import type { Lane, PreparedRun } from '@tributary/protocol';
import type { BufferIndex } from './buffer-index.js';
import type { GradientVectors } from './lane-gradients.js';
import type { LaneMoments } from './lane-moments.js';

/** A task's encoded splits and the tokenizers of its sides, as stored. */
export interface SplitBytes extends TokenizerBytes {
  readonly train: Uint8Array;
  readonly validation: Uint8Array;
  readonly test: Uint8Array;
}

/** A `tokenizer.json` for each side that has one. */
export interface TokenizerBytes {
  readonly sourceTokenizer?: Uint8Array | undefined;
  readonly targetTokenizer?: Uint8Array | undefined;
}

/** What stays the same for as long as a compute thread lives. */
export interface ComputeBasis {
  readonly prepared: PreparedRun;
  readonly backend: 'auto' | 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';
  readonly device: string;
  readonly threads: number;
}

/** What a generation gives the compute thread to work on. Parameter and gradient vectors lie on SharedArrayBuffers. */
export interface Hosting {
  /** Lanes hosted here, in lane order. */
  readonly lanes: readonly Lane[];
  /** The shared parameters, twice: state k and state k+1. */
  readonly shared: readonly [Float32Array, Float32Array];
  /** Each hosted task's parameters, twice. */
  readonly tasks: Readonly<Record<string, readonly [Float32Array, Float32Array]>>;
  /** By hosted lane, by parity of the step: gradients of shared and task parameters. */
  readonly gradients: GradientVectors;
}

/** The same, with data. */
export interface TaskHosting extends Hosting {
  /** Of the tasks that are new to the thread. */
  readonly splits: Readonly<Record<string, SplitBytes>>;
}

/** What the compute thread is born with. */
export interface ThreadInit extends ComputeBasis {
  /** One number on shared memory: the hosting that counts. Whatever is under way for another one is given up at its next pause. */
  readonly current: Int32Array;
}

export interface CursorPosition {
  readonly epoch: number;
  readonly position: number;
}

/** The current buffer of the shared vector and of each hosted task's: a vector that a step leaves alone keeps its buffer. */
export interface StateBuffers {
  readonly shared: BufferIndex;
  readonly tasks: Readonly<Record<string, BufferIndex>>;
}

/** What a lane does in a step: at least one microbatch. */
export interface LaneShare {
  readonly lane: number;
  readonly microbatches: number;
}

/** What a lane does in a round. */
export interface RoundShare extends LaneShare {
  /** Which of its moments the round begins with; the round's own are built in the others. */
  readonly moments: BufferIndex;
  /** Updates that those have had. */
  readonly updates: number;
}

/** A request with the hosting that it is meant for. */
export interface NumberedRequest {
  readonly hosting: number;
  readonly request: ComputeRequest | { readonly kind: 'host'; readonly on: TaskHosting };
}

export type ComputeRequest =
  /** Compiles every graph of training. */
  | { readonly kind: 'warm-up' }
  | { readonly kind: 'seek'; readonly lane: number; readonly cursor: CursorPosition }
  | {
      readonly kind: 'step';
      readonly step: number;
      readonly buffers: StateBuffers;
      /** The hosted lanes that take part, in lane order. */
      readonly lanes: readonly LaneShare[];
    }
  | {
      /** Each of these lanes trains by itself for a round; `LaneDone` then says how far it went. */
      readonly kind: 'round';
      readonly round: number;
      readonly buffers: StateBuffers;
      readonly lanes: readonly RoundShare[];
    }
  | {
      readonly kind: 'evaluate';
      readonly task: string;
      readonly split: 'validation' | 'test';
      readonly buffers: StateBuffers;
      readonly limit: number | null;
      readonly samples: number;
    };

/** One lane's contribution is ready in its buffers. */
export interface LaneDone {
  readonly lane: number;
  /** Mean cross-entropy of the batch, nats a target token; of a round, the mean of its steps. */
  readonly loss: number;
  /** Source and target tokens of the batch, padding not counted. */
  readonly tokens: number;
  readonly computeMs: number;
  /** Of it, how long the batches took to gather. */
  readonly dataMs: number;
  /** Where the lane's cursor stands after this batch. */
  readonly cursor: CursorPosition;
  /** The loss of each step of a round. */
  readonly stepLosses?: Float64Array;
}

/** One step within a round. */
export interface InnerStep {
  readonly lane: number;
  readonly loss: number;
}

/** How far the graphs are that a member needs before its first step. */
export interface Warming {
  readonly done: number;
  readonly total: number;
  /** The next one; '' once all are done. */
  readonly graph: string;
}

/** One graph has been compiled. */
export interface Traced {
  readonly graph: string;
  readonly traceMs: number;
  /** Graphs held now. */
  readonly held: number;
  /** It had been given up for the bound on graphs, and was needed again. */
  readonly again: boolean;
}

export interface EvaluationResult {
  readonly task: string;
  readonly examples: number;
  /** `loss` and each metric of the run file, as shares of one. */
  readonly values: Readonly<Record<string, number>>;
  readonly samples: readonly {
    readonly index: number;
    readonly source: string;
    readonly generated: string;
    readonly references: readonly string[];
  }[];
}

export type ComputeReply =
  | {
      readonly kind: 'ready';
      readonly backend: string;
      readonly device: string;
      readonly notice: string | null;
    }
  | {
      readonly kind: 'hosted';
      /** By lane hosted here; null where the run's strategy has none. */
      readonly moments: Readonly<Record<number, LaneMoments>> | null;
    }
  | { readonly kind: 'lane'; readonly done: LaneDone }
  | ({ readonly kind: 'inner' } & InnerStep)
  | ({ readonly kind: 'warming' } & Warming)
  | ({ readonly kind: 'traced' } & Traced)
  | { readonly kind: 'progress' }
  | { readonly kind: 'done'; readonly evaluation: EvaluationResult | null }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** A reply with the hosting that it is meant for; 0 before the first. */
export interface NumberedReply {
  readonly hosting: number;
  readonly reply: ComputeReply;
}

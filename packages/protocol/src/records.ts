import type { CheckpointPart } from './checkpoint.js';
import type { RunId, TaskName } from './ids.js';
import type { RunState } from './run-status.js';

/**
 * What a value is about: `run`, `task:<name>`, or `lane:<index>`. Together with the run, the series and the step it is the
 * key under which a point is recorded once; the first write wins and a differing redo raises DIVERGED.
 */
export type PointSubject = 'run' | `task:${string}` | `lane:${number}`;

/** One value of one series at one step. */
export interface Point {
  readonly subject: PointSubject;
  /** e.g. `train.loss`, `validation.phone_error_rate`, `grad_norm`, `learning_rate`, `weight`. */
  readonly series: string;
  readonly step: number;
  readonly value: number;
}

/** Values that may differ when a step is redone (durations, throughput): keyed by generation too. */
export interface TimingPoint extends Point {
  readonly generation: number;
}

/**
 * The inner products of the tasks' shared gradients at one step, and what the combiner made of them. A run, a group and a step
 * have one matrix: the first write wins and a differing redo raises DIVERGED.
 */
export interface StepMatrix {
  /** Group of parameters: `all`, or one of several that are combined apart. */
  readonly group: string;
  readonly step: number;
  /** Places in the run file, from 0 and rising, of the P tasks that took part. */
  readonly tasks: readonly number[];
  /** P(P+1)/2 inner products, the upper triangle row by row: (0,0) (0,1) … (1,1) … */
  readonly gram: readonly number[];
  /** P factors: the combined gradient before clipping is their sum over the tasks' gradients. */
  readonly coefficients: readonly number[];
}

/** What one lane did in one step: which batches it read. A lane that was absent has none. */
export interface LedgerStep {
  readonly step: number;
  readonly lane: number;
  /** Where the lane's cursor stood before: with the run file and the data, it decides the batches. */
  readonly epoch: number;
  readonly position: number;
  readonly microbatches: number;
}

/** One generated example of the final report. */
export interface SampleRow {
  readonly task: TaskName;
  readonly index: number;
  readonly source: string;
  readonly generated: string;
  readonly references: readonly string[];
}

interface RecordBase {
  readonly run: RunId;
  readonly attempt: number;
  readonly generation: number;
  readonly member: number;
}

/** Messages on the records stream, JSON. */
export type RunRecord =
  | (RecordBase & {
      readonly kind: 'points';
      readonly points: readonly Point[];
      readonly timings: readonly TimingPoint[];
      readonly tokens: number;
    })
  | (RecordBase & { readonly kind: 'matrices'; readonly matrices: readonly StepMatrix[] })
  | (RecordBase & { readonly kind: 'ledger'; readonly steps: readonly LedgerStep[] })
  | (RecordBase & {
      readonly kind: 'snapshot';
      readonly step: number;
      /** The parts that this member wrote, `shared` among them on every member. */
      readonly parts: readonly { readonly part: string; readonly stateHash: string }[];
    })
  | (RecordBase & { readonly kind: 'samples'; readonly step: number; readonly samples: readonly SampleRow[] })
  | (RecordBase & { readonly kind: 'checkpoint-part'; readonly part: CheckpointPart })
  | (RecordBase & { readonly kind: 'lineage'; readonly entries: Readonly<Record<string, string>> })
  /** The last record of a member in a generation: everything before it has been published. */
  | (RecordBase & { readonly kind: 'member-end'; readonly step: number; readonly outcome: string });

/** Messages on the events stream, JSON: what `--watch` shows. */
export type RunEvent =
  | {
      readonly kind: 'state';
      readonly run: RunId;
      readonly attempt: number;
      readonly state: RunState;
      readonly reason: string | null;
      readonly step: number;
    }
  | { readonly kind: 'notice'; readonly run: RunId; readonly text: string }
  | {
      readonly kind: 'progress';
      readonly run: RunId;
      readonly attempt: number;
      readonly generation: number;
      readonly member: number;
      readonly phase: string;
      readonly step: number;
      readonly targetSteps: number;
      /** Last training loss of each task hosted here (nats a token), smoothed over recent steps. */
      readonly losses: Readonly<Record<string, number>>;
      /** Target and source tokens a second of the whole run (all lanes). */
      readonly tokensPerSecond: number;
      /** e.g. `TensorFlow 2.21.0 on cpu, traced`. */
      readonly backend: string;
      readonly members: number;
      /** In phase `tracing`: graphs of this member that are compiled, how many it needs before the first step, and which is next. */
      readonly tracing?: { readonly done: number; readonly total: number; readonly graph: string };
    };

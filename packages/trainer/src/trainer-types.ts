import type { JetStreamClient } from '@nats-io/jetstream';
import type { Transport } from '@tributary/collectives';
import type { GenerationDocument, ObjectStore, PreparedRun, TrainerPhase, TrainerStatus } from '@tributary/protocol';
import type { Logger, Metrics } from '@tributary/telemetry';
import type { ComputeKeeper } from './compute-keeper.js';
import type { PassTrainerFaultPoint } from './fault-points.js';
import type { SnapshotPort } from './snapshot-port.js';

/** One member's part in one generation. */
export interface TrainerOptions {
  readonly document: GenerationDocument;
  /** This worker's place in the document. */
  readonly member: number;
  readonly prepared: PreparedRun;
  readonly backend: 'auto' | 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';
  readonly device: string;
  readonly recordsSubject: string;
  readonly eventsSubject: string;
  /** Steps that were done before are done again, to be compared: nothing is evaluated. */
  readonly replay?: {
    /** The last one. */
    readonly until: number;
    /** After which of them to make snapshots, beside those that are due anyway. */
    readonly snapshots: readonly number[];
  };
}

/** Where records and events go; resolves once they are stored. */
export type RecordStream = Pick<JetStreamClient, 'publish'>;

export interface TrainerDeps {
  readonly transport: Transport;
  readonly stream: RecordStream;
  readonly objects: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Outlives the generation, with its thread and compiled graphs. */
  readonly compute: ComputeKeeper;
  readonly snapshots: SnapshotPort;
  /** Called on every change of phase or sign of progress. */
  readonly onStatus: (status: TrainerProgress) => void;
  /** Called where a test may strike; default: nothing. */
  readonly pass?: PassTrainerFaultPoint;
}

export interface TrainerProgress {
  readonly phase: TrainerPhase;
  /** Steps done. */
  readonly step: number;
  readonly awaiting: NonNullable<TrainerStatus['awaiting']> | null;
  /** The newest whole snapshot of this member in this generation. */
  readonly snapshot: NonNullable<TrainerStatus['snapshot']> | null;
}

import type { JetStreamClient } from '@nats-io/jetstream';
import type { Transport } from '@tributary/collectives';
import type { GenerationDocument, ObjectStore, PreparedRun, TrainerPhase } from '@tributary/protocol';
import type { Logger, Metrics } from '@tributary/telemetry';

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
}

export interface TrainerDeps {
  readonly transport: Transport;
  readonly stream: JetStreamClient;
  readonly objects: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called on every change of phase or sign of progress. */
  readonly onStatus: (status: TrainerProgress) => void;
}

export interface TrainerProgress {
  readonly phase: TrainerPhase;
  /** Steps done. */
  readonly step: number;
}

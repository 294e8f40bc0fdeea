import type { RunId, WorkerId } from './ids.js';

/** What two workers must share to compute the same bits, and what a user wants to see of a worker. */
export interface DeviceDescription {
  /** `tensorflow`, `wasm` or `cpu`. */
  readonly backend: string;
  /** e.g. `TensorFlow 2.21.0, traced`. */
  readonly backendVersion: string;
  /** `cpu` or `gpu:N`. */
  readonly device: string;
  /** Processor or GPU model. */
  readonly model: string;
  /** Version of Tributary that the worker runs. */
  readonly version: string;
}

export type TrainerPhase =
  | 'starting'
  | 'restoring'
  | 'tracing'
  | 'training'
  | 'evaluating'
  | 'checkpointing'
  | 'ending';

/** The trainer that a worker hosts now. */
export interface TrainerStatus {
  readonly run: RunId;
  readonly attempt: number;
  readonly generation: number;
  readonly member: number;
  readonly phase: TrainerPhase;
  /** Steps done. */
  readonly step: number;
  /** Rises with every sign of progress inside a phase. */
  readonly progress: number;
  /** Whom or what it waits for now; null or left out: nothing. Members by their number. */
  readonly awaiting?:
    | { readonly kind: 'members'; readonly members: readonly number[] }
    | { readonly kind: 'compute' }
    | null;
  /** Milliseconds since the trainer's process last spoke to its agent, by the agent's clock: a stopped process shows here. */
  readonly silentMs?: number;
  /** Its newest snapshot, with the hash of the replicated shared state: equal on all members of a step. */
  readonly snapshot?: { readonly step: number; readonly sharedHash: string } | null;
  /** Set once the trainer process has ended without having written its ending. */
  readonly died: {
    readonly reason: string;
    /** It ended by itself, not by a signal from outside. */
    readonly crashed?: boolean;
  } | null;
}

/** Sent by each agent on its beacon subject twice a second, and at once on any change. */
export interface Beacon {
  readonly worker: WorkerId;
  /** Rises with each beacon of one agent process. */
  readonly sequence: number;
  /** Random per agent process: tells a restarted agent from a silent one. */
  readonly incarnation: string;
  readonly sentAtMs: number;
  readonly host: string;
  readonly pid: number;
  readonly device: DeviceDescription;
  readonly trainer: TrainerStatus | null;
  /** Generations whose trainer this agent confirms dead: run → highest generation. */
  readonly confirmedDead: Readonly<Record<string, number>>;
  /** It leaves: no new generation should be placed here, and lanes hosted here should move. */
  readonly draining: boolean;
}

export const beaconIntervalMs = 500;
/** Silence after which a worker counts as unreachable; it is lost once the run's grace has passed as well. */
export const beaconSilenceMs = 3_000;

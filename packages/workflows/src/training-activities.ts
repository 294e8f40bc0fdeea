import type { ErrorCode, GenerationOutcome, Member, RunId, RunState, StopRequest, WorkerId } from '@tributary/protocol';

/** One attempt of a run: what every activity acts on. */
export interface AttemptRef {
  readonly run: RunId;
  readonly attempt: number;
}

export interface GenerationRef extends AttemptRef {
  readonly generation: number;
}

/** A generation that has ended, and how. */
export interface EndedGenerationRef {
  readonly generation: number;
  readonly members: number;
  readonly outcome: GenerationOutcome;
}

export interface LeaseSlotsInput extends AttemptRef {
  /** Workers that the run should have, as its user scaled it; null: as its run file says (`workers.max`). */
  readonly wanted: number | null;
  /** Those that it has as far as the workflow knows; what it keeps while Postgres is away. */
  readonly held: readonly WorkerId[];
}

export interface OpenGenerationInput extends AttemptRef {
  /** Unique to this decision of this run: opening it twice opens it once. */
  readonly decisionId: string;
  readonly preparedKey: string;
  /** Leased workers to take; those that do not answer now are left out. */
  readonly workers: readonly WorkerId[];
  /** Most of them to take, as the user scaled the run; null: all that have a lane. */
  readonly wanted: number | null;
  /** How many milliseconds the attempt's earlier generations took. */
  readonly spentMs: number;
  readonly previous: EndedGenerationRef | null;
  /** Why the generation before ended; null for an attempt's first. */
  readonly reason: string | null;
}

/** A generation that members are asked to train. */
export interface OpenGenerationRef {
  readonly generation: number;
  readonly resumeStep: number;
  /** Those of the members, in their order. */
  readonly workers: readonly WorkerId[];
  readonly members: readonly Member[];
  /** By the orchestrator's clock. */
  readonly openedAtMs: number;
}

export type OpenedGeneration =
  | ({ readonly kind: 'opened' } & OpenGenerationRef)
  | { readonly kind: 'no-workers'; readonly reason: string };

/** What the run-store should say of a generation; `reason` is the run's: why it trains anew, or why it no longer does. */
export type RecordGenerationInput = AttemptRef & { readonly reason: string | null } & (
    | { readonly kind: 'opened'; readonly opened: OpenGenerationRef; readonly previous: EndedGenerationRef | null }
    | { readonly kind: 'ended'; readonly ended: EndedGenerationRef & { readonly endedAtMs: number } }
  );

export interface SuperviseGenerationInput extends GenerationRef {
  readonly preparedKey: string;
  /** As in {@link LeaseSlotsInput}. */
  readonly wanted: number | null;
}

export interface FinishRunInput extends AttemptRef {
  readonly state: Extract<RunState, 'finished' | 'cancelled' | 'paused' | 'failed'>;
  readonly code: ErrorCode | null;
  readonly reason: string | null;
  /** Step whose checkpoint must be committed first; null where there is nothing to wait for. */
  readonly step: number | null;
  readonly last: EndedGenerationRef | null;
}

export interface EndedRun {
  readonly state: RunState;
  readonly reason: string | null;
}

/**
 * What the workflow has done by the orchestrator. All are safe to repeat. Failures that another try cannot mend are
 * non-retryable `ApplicationFailure`s whose type is an `ErrorCode`; all others are tried again without limit.
 */
export interface TrainingActivities {
  /** Checks the data and stores the prepared run. Fails for good with `DATA_INVALID` and its like. */
  prepare(input: AttemptRef): Promise<{ preparedKey: string }>;
  /**
   * Gives the run the slots that it should have: more of the kind that it holds where some are free, fewer where it holds too
   * many. Blocks only while it holds none that answers, oldest run first; where Postgres is away it keeps what it holds.
   */
  leaseSlots(input: LeaseSlotsInput): Promise<{ workers: readonly WorkerId[] }>;
  /** Writes the next generation's document, by compare-and-set; needs no Postgres where agents hold a whole snapshot. */
  openGeneration(input: OpenGenerationInput): Promise<OpenedGeneration>;
  /**
   * Writes into the run-store, and tells those who watch, that a generation has begun or ended: beside training, in order.
   * Fails for good with `RUN_STATE_CONFLICT` once the attempt has been ended by another.
   */
  recordGeneration(input: RecordGenerationInput): Promise<void>;
  /**
   * Blocks until the generation has ended, and says how. Asks its members for a hand-over where one of them leaves, where
   * there are more than wanted, and where a worker is offered that the run may take.
   */
  superviseGeneration(input: SuperviseGenerationInput): Promise<GenerationOutcome>;
  /** Asks the members of an open generation to stop at a step they agree on; a cancel goes before a pause. Does nothing once it has ended. */
  requestStop(input: GenerationRef & { readonly stop: StopRequest }): Promise<void>;
  /** Waits until the recorder has everything, closes the generation, gives the slots back and sets the run's last state. */
  finishRun(input: FinishRunInput): Promise<EndedRun>;
  /** Closes the run's document and gives its slots back, whatever state it is in. */
  releaseSlots(input: AttemptRef): Promise<void>;
}

import type { ErrorCode, GenerationOutcome, RunId, RunState, StopRequest, WorkerId } from '@tributary/protocol';

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

export interface OpenGenerationInput extends AttemptRef {
  /** Unique to this decision of this run: opening it twice opens it once. */
  readonly decisionId: string;
  readonly preparedKey: string;
  /** Leased workers to take; those that do not answer now are left out. */
  readonly workers: readonly WorkerId[];
  readonly previous: EndedGenerationRef | null;
  /** Why the generation before ended; null for an attempt's first. */
  readonly reason: string | null;
}

export type OpenedGeneration =
  | {
      readonly kind: 'opened';
      readonly generation: number;
      readonly resumeStep: number;
      readonly workers: readonly WorkerId[];
    }
  | { readonly kind: 'no-workers'; readonly reason: string };

export interface FinishRunInput extends AttemptRef {
  readonly state: Extract<RunState, 'finished' | 'cancelled' | 'paused' | 'failed'>;
  readonly code: ErrorCode | null;
  readonly reason: string | null;
  /** Step whose checkpoint must be committed first; null where there is nothing to wait for. */
  readonly step: number | null;
  readonly last: EndedGenerationRef | null;
}

export interface ReleaseSlotsInput extends AttemptRef {
  /** Set where the run goes on waiting for other slots: what ended, and why. */
  readonly waiting: { readonly previous: EndedGenerationRef; readonly reason: string } | null;
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
  /** Blocks until the run has its slots, oldest run first. */
  leaseSlots(input: AttemptRef): Promise<{ workers: readonly WorkerId[] }>;
  /** Writes the next generation's document, by compare-and-set, and its row. */
  openGeneration(input: OpenGenerationInput): Promise<OpenedGeneration>;
  /** Blocks until the generation has ended, and says how. */
  superviseGeneration(input: GenerationRef): Promise<GenerationOutcome>;
  /** Asks the members of an open generation to stop at a step they agree on. Does nothing once it has ended. */
  requestStop(input: GenerationRef & { readonly stop: StopRequest }): Promise<void>;
  /** Waits until the recorder has everything, closes the generation, gives the slots back and sets the run's last state. */
  finishRun(input: FinishRunInput): Promise<EndedRun>;
  /** Closes the run's document and gives its slots back, whatever state it is in. */
  releaseSlots(input: ReleaseSlotsInput): Promise<void>;
}

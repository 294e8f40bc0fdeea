import type { TrainerPhase } from './beacon.js';
import type { ErrorDocument } from './errors.js';

/** A part whose state differs from the recorded one. */
export interface PartDifference {
  readonly step: number;
  readonly part: string;
  readonly recorded: string;
  readonly replayed: string;
}

/** A lane that read other batches than the ledger says. */
export interface LedgerDifference {
  readonly step: number;
  readonly lane: number;
  /** `epoch 0, position 8, 1 microbatch`; `none`: it took no part. */
  readonly recorded: string;
  readonly replayed: string;
}

/** How a stretch of a run that was done again compares with what was recorded. */
export interface VerificationDocument {
  readonly run: string;
  readonly from: number;
  readonly to: number;
  /** Who did it again. */
  readonly worker: string;
  readonly equal: boolean;
  /** What was compared: state hashes of parts, at how many steps, and steps of lanes in the ledger. */
  readonly hashes: number;
  readonly hashedSteps: number;
  readonly ledgerSteps: number;
  /** Earliest first, parts in the order of a checkpoint; at most `maxShownDifferences` of each. */
  readonly parts: { readonly total: number; readonly first: readonly PartDifference[] };
  readonly ledger: { readonly total: number; readonly first: readonly LedgerDifference[] };
}

export const maxShownDifferences = 20;

/** Events of `POST /v1/runs/:run/verify`, server-sent. */
export type VerificationEvent =
  | { readonly kind: 'started'; readonly run: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'progress';
      readonly worker: string;
      /** `waiting`: it verifies another stretch first. */
      readonly phase: TrainerPhase | 'waiting';
      readonly step: number;
    }
  | ({ readonly kind: 'result' } & VerificationDocument)
  | ({ readonly kind: 'failed' } & ErrorDocument);

/** One step of one lane in `GET /v1/runs/:run/ledger`. */
export interface LedgerEntryDocument {
  readonly step: number;
  readonly lane: number;
  /** The generation that recorded it first. */
  readonly generation: number;
  /** Where the lane's cursor stood before. */
  readonly epoch: number;
  readonly position: number;
  readonly microbatches: number;
}

/** `GET /v1/runs/:run/ledger`: whole steps. */
export interface LedgerDocument {
  readonly run: string;
  readonly entries: readonly LedgerEntryDocument[];
  /** State hashes of parts, at the steps of this page that had a snapshot. */
  readonly snapshots: readonly {
    readonly step: number;
    readonly part: string;
    readonly generation: number;
    readonly stateHash: string;
  }[];
  /** Give it as `from` for the next page; null on the last. */
  readonly next: number | null;
}

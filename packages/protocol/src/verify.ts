import type { DeviceDescription, TrainerPhase } from './beacon.js';
import type { RunId } from './ids.js';
import type { LedgerStep } from './records.js';

/** Asks a worker to do a stretch of a run's steps again, published to {@link verifySubject} with an inbox for the answers. */
export interface VerifyRequest {
  readonly run: RunId;
  readonly attempt: number;
  readonly preparedKey: string;
  /** Of the attempt that did these steps: the learning rate's schedule depends on it. */
  readonly budgetSteps: number;
  readonly from: {
    readonly step: number;
    /** Of the checkpoint's manifest; null at step 0. */
    readonly checkpointKey: string | null;
  };
  readonly to: number;
  /** Steps of recorded snapshots in between. */
  readonly snapshots: readonly number[];
}

/** State hashes of parts after a step. */
export interface PartHashes {
  readonly step: number;
  readonly parts: readonly { readonly part: string; readonly stateHash: string }[];
}

/** What a worker answers, one after another. */
export type VerifyAnswer =
  /** It has taken the request, and every few seconds that it lives; `waiting`: another verification goes first. */
  | { readonly kind: 'alive'; readonly waiting: boolean }
  | { readonly kind: 'progress'; readonly phase: TrainerPhase; readonly step: number }
  | ({ readonly kind: 'hashes' } & PartHashes)
  | { readonly kind: 'ledger'; readonly steps: readonly LedgerStep[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** An answer on its way. */
export interface VerifyMessage {
  /** Counts from 0: a gap is a lost message. */
  readonly number: number;
  readonly worker: string;
  readonly answer: VerifyAnswer;
}

/** What is sent to the reply subject of each {@link VerifyMessage}: without it for a while, the worker gives up. */
export type VerifyControl = 'go-on' | 'stop';

/** How often a worker says that it lives, and how long either side waits for the other. */
export const verifyAliveMs = 2_000;
export const verifySilenceMs = 20_000;
/** The longest that a verification may take. */
export const verifyLimitMs = 30 * 60_000;

/**
 * Of one kind of worker: only those compute the same bits. Served in queue group `verify`.
 * @param verify the subject of all kinds, of `natsNames`
 */
export function verifySubject(verify: string, device: DeviceDescription): string {
  const { backend, backendVersion, model, version } = device;
  const kind = [device.device.split(':', 1)[0], backend, backendVersion, model, version];
  return `${verify}.${kind.join('/').replace(/[^A-Za-z0-9_-]/g, '-')}`;
}

import type { RunId } from './ids.js';
import type { Member } from './lanes.js';

/** What members are asked to do at the next step they agree on. */
export type StopRequest = 'cancel' | 'pause';

/** Where a generation starts: step 0 from the seed, or a committed checkpoint. */
export interface ResumePoint {
  /** Steps already done. */
  readonly step: number;
  /** Attempt whose checkpoint it is; null at step 0. */
  readonly checkpointKey: string | null;
}

/**
 * The one document that a run's agents obey, at key `<run>` of the generations bucket. Written by compare-and-set by the
 * control user only; idempotent by `decisionId`. `generation` rises across attempts and never restarts.
 */
export interface GenerationDocument {
  readonly run: RunId;
  readonly attempt: number;
  readonly generation: number;
  readonly decisionId: string;
  /** `closed`: no trainer of this run may live on; agents end theirs and confirm in their beacons. */
  readonly state: 'open' | 'closed';
  /** Object key of the {@link PreparedRun} document. */
  readonly preparedKey: string;
  readonly members: readonly Member[];
  readonly resume: ResumePoint;
  /** Time that earlier generations of this attempt took, counted towards `budget.time`; left out for none. */
  readonly spentMs?: number;
  readonly stop: StopRequest | null;
}

/** How a member's part in a generation ended, durable at key `<run>.<generation>.<member>` of the endings bucket. */
export type MemberEnding =
  | { readonly outcome: 'finished' | 'cancelled' | 'paused'; readonly step: number; readonly reason: string | null }
  | { readonly outcome: 'failed'; readonly step: number; readonly code: string; readonly reason: string };

export interface MemberEndingDocument {
  readonly run: RunId;
  readonly attempt: number;
  readonly generation: number;
  readonly member: number;
  readonly worker: string;
  readonly ending: MemberEnding;
}

/** Why a generation ended, as `superviseGeneration` returns it and the workflow decides on it. */
export type GenerationOutcome =
  | { readonly kind: 'finished'; readonly step: number }
  | { readonly kind: 'cancelled'; readonly step: number }
  | { readonly kind: 'paused'; readonly step: number; readonly reason: string | null }
  | {
      readonly kind: 'worker-lost';
      /** Whose trainers are lost. */
      readonly workers: readonly string[];
      /** Those of them that no longer answer; the others can be used again at once. */
      readonly unreachable: readonly string[];
      readonly step: number;
      readonly reason: string;
    }
  | { readonly kind: 'failed'; readonly step: number; readonly code: string; readonly reason: string };

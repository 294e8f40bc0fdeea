import type { RunId } from './ids.js';
import type { Member } from './lanes.js';
import type { GenerationTime } from './run-time.js';
import type { SnapshotSource } from './snapshots.js';

/**
 * What members are asked to do at the next step they agree on. `hand-over`: stop with a whole snapshot, for another
 * generation to go on from.
 */
export type StopRequest = 'cancel' | 'pause' | 'hand-over';

/** Where a generation starts: step 0 from the seed, a committed checkpoint, or a snapshot that agents hold. */
export interface ResumePoint {
  /** Steps already done. */
  readonly step: number;
  /** Key of the checkpoint's manifest; null at step 0 and where there is a snapshot. */
  readonly checkpointKey: string | null;
  /** Goes before the checkpoint; left out where there is none. */
  readonly snapshot?: SnapshotSource | null;
}

/** Where a generation of a run began. */
export interface GenerationStart {
  readonly generation: number;
  /** Steps already done. */
  readonly resumeStep: number;
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
  /** When it was opened, by the orchestrator's clock. */
  readonly openedAtMs?: number;
  /** Where the run's generations began, this one's last: what the fence needs. The oldest ones are dropped. */
  readonly starts?: readonly GenerationStart[];
  /** The highest step that any generation before it is known to have done; left out for none. */
  readonly doneBefore?: number;
  readonly stop: StopRequest | null;
}

/** How a member's part in a generation ended, durable at key `<run>.<generation>.<member>` of the endings bucket. */
export type MemberEnding =
  | {
      readonly outcome: 'finished' | 'cancelled' | 'paused' | 'handed-over';
      readonly step: number;
      readonly reason: string | null;
    }
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
export type GenerationOutcome = GenerationEnd & {
  /** What its time went to; left out where that is not known. */
  readonly time?: GenerationTime;
};

export type GenerationEnd =
  /** With a reason: before the run's budget was reached. */
  | { readonly kind: 'finished'; readonly step: number; readonly reason?: string }
  | { readonly kind: 'cancelled'; readonly step: number }
  | { readonly kind: 'paused'; readonly step: number; readonly reason: string | null }
  /** All members stopped at one step with a whole snapshot, for lanes to move. Spends no budget. */
  | { readonly kind: 'handed-over'; readonly step: number; readonly reason: string | null }
  | {
      readonly kind: 'worker-lost';
      /** Whose trainers are lost. */
      readonly workers: readonly string[];
      /** Those of them that no longer answer; the others can be used again at once. */
      readonly unreachable: readonly string[];
      readonly step: number;
      readonly reason: string;
      /** Its trainer ended by itself (an exit code, a crash), not by a signal from outside: counts against the run's own code. */
      readonly crashed?: boolean;
    }
  | { readonly kind: 'failed'; readonly step: number; readonly code: string; readonly reason: string };

import type { DeviceDescription, TrainerStatus } from './beacon.js';
import type { GeneratedSource } from './generate.js';
import type { InitReport } from './init-report.js';
import type { Member } from './lanes.js';
import type { RunState } from './run-status.js';
import type { RunTimeDocument } from './run-time.js';

/** Times are ISO 8601 in UTC; numbers that JSON cannot hold (NaN, infinities) are null. */

/** `GET /v1/health` */
export interface HealthDocument {
  readonly status: 'ok' | 'degraded';
  readonly version: string;
  /** What each server answered: `ok`, or why not. */
  readonly servers: Readonly<Record<'postgres' | 'nats' | 'temporal', string>>;
  /** Web pages of the stack, where there are any. */
  readonly links: StackLinks;
}

/** Addresses of web pages beside the API; null: there is none, or it is not known. */
export interface StackLinks {
  readonly temporal: string | null;
  readonly prometheus: string | null;
  readonly grafana: string | null;
}

/** `PUT /v1/files` */
export interface FileDocument {
  readonly key: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** One line of `GET /v1/runs`. */
export interface RunSummaryDocument {
  readonly run: string;
  readonly experiment: string;
  readonly state: RunState;
  readonly reason: string | null;
  /** 0 until the first attempt starts. */
  readonly attempt: number;
  /** Steps done as far as it is known to the run store. */
  readonly step: number;
  readonly targetSteps: number | null;
  readonly stateHash: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface AttemptDocument {
  readonly attempt: number;
  readonly state: RunState | null;
  readonly reason: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface GenerationSummaryDocument {
  readonly generation: number;
  readonly attempt: number;
  readonly members: readonly Member[];
  readonly resumeStep: number;
  readonly reason: string | null;
  readonly outcome: string | null;
  readonly outcomeReason: string | null;
  readonly openedAt: string;
  readonly endedAt: string | null;
}

export interface SeriesSummaryDocument {
  readonly subject: string;
  readonly series: string;
  readonly kind: 'point' | 'timing';
  readonly count: number;
  readonly firstStep: number | null;
  readonly lastStep: number | null;
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface CheckpointSummaryDocument {
  readonly step: number;
  readonly attempt: number;
  readonly stateHash: string;
  readonly sizeBytes: number;
  readonly committedAt: string;
}

export interface LineageDocument {
  readonly attempt: number;
  readonly generation: number;
  readonly member: number;
  readonly key: string;
  readonly value: string;
}

export interface SampleDocument {
  readonly step: number;
  readonly index: number;
  readonly source: string;
  readonly generated: string;
  readonly references: readonly string[];
}

/**
 * A value that a later generation computed anew and that is not the recorded one, which stays. Both are exact and in words, so
 * that NaN and -0 survive.
 */
export interface DivergenceDocument {
  readonly subject: string;
  readonly series: string;
  readonly step: number;
  /** The attempt and generation that redid the step. */
  readonly attempt: number;
  readonly generation: number;
  readonly recorded: string;
  readonly redone: string;
}

/** Empty for every run that keeps the promise to repeat itself. */
export interface DivergencesDocument {
  readonly total: number;
  /** Those of the earliest steps, at most `maxShownDivergences`. */
  readonly first: readonly DivergenceDocument[];
}

/** How many divergences a run's document lists. */
export const maxShownDivergences = 20;

/** A task with its held-out results and its newest generated examples. */
export interface TaskDocument {
  readonly task: string;
  readonly replicas: number;
  readonly weight: number;
  /** `loss` and the metrics of the run file on held-out data; empty until the run has finished. Rates are shares 0..1. */
  readonly results: Readonly<Record<string, number | null>>;
  readonly samples: readonly SampleDocument[];
}

/** `GET /v1/runs/:run` */
export interface RunDocument extends RunSummaryDocument {
  readonly tags: Readonly<Record<string, string>>;
  readonly note: string | null;
  /** Null: lists show it. */
  readonly archivedAt: string | null;
  /** The run file with every default filled in. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
  readonly tasks: readonly TaskDocument[];
  readonly attempts: readonly AttemptDocument[];
  readonly generations: readonly GenerationSummaryDocument[];
  readonly series: readonly SeriesSummaryDocument[];
  readonly checkpoints: readonly CheckpointSummaryDocument[];
  readonly lineage: readonly LineageDocument[];
  /** What became of the run file's `init`; null without one, and until the run is prepared. */
  readonly init: InitReport | null;
  readonly divergences: DivergencesDocument;
  /** What became of the time of its attempts; null: not known, as of a run that has not begun. */
  readonly time: RunTimeDocument | null;
  /** The run whose checkpoint it began with; null: it was launched. The parent may be gone. */
  readonly parent: { readonly run: string; readonly step: number } | null;
  /** Runs forked from this one, oldest first. */
  readonly children: readonly {
    readonly run: string;
    /** The checkpoint of this run that it began with. */
    readonly step: number;
    readonly state: RunState;
  }[];
}

/** Of the steps at which both tasks took part with a gradient that is not zero; null where there is none. */
export interface PairStatisticsDocument {
  readonly steps: number;
  /** Of the angle between the tasks' shared gradients: 1 they pull together, 0 across, -1 apart. */
  readonly meanCosine: number | null;
  readonly minCosine: number | null;
  /** Share of the steps with a negative cosine, 0..1. */
  readonly conflictShare: number | null;
}

export interface PairConflictsDocument extends PairStatisticsDocument {
  readonly task: string;
  readonly other: string;
  /** By bucket. */
  readonly over: readonly PairStatisticsDocument[];
}

/** `GET /v1/runs/:run/conflicts` */
export interface ConflictsDocument {
  readonly run: string;
  /** Every group of parameters that has matrices of its own. */
  readonly groups: readonly string[];
  /** The one that was asked for; null: the whole shared gradient. */
  readonly group: string | null;
  /** First and last recorded step of what was asked for, and how many were recorded. */
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** Equal stretches of steps, each with its first and last. */
  readonly buckets: readonly { readonly from: number; readonly to: number }[];
  /** Every pair of tasks, in the run file's order. */
  readonly pairs: readonly PairConflictsDocument[];
}

/** `POST /v1/validate`: what the text of a run file says. */
export interface ValidationReplyDocument {
  /** With every default filled in; null where there are problems. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  /** Paths that it names. */
  readonly files: readonly string[];
  readonly problems: readonly {
    /** From 1; null: of the file as a whole. */
    readonly line: number | null;
    /** e.g. `tasks[0].data.kind`; empty for the file as a whole. */
    readonly field: string;
    readonly message: string;
  }[];
}

/** `POST /v1/runs` */
export interface LaunchRequestDocument {
  readonly spec: unknown;
  /** Path in the run file → key of the uploaded bytes. */
  readonly files: Readonly<Record<string, string>>;
}

/** `POST /v1/runs/:run/fork`: a new run from a checkpoint of this one. */
export interface ForkRequestDocument {
  /** Of which checkpoint; left out: the newest. */
  readonly step?: number | undefined;
  /** A whole run file in place of the parent's. */
  readonly spec?: unknown;
  /** Path in the run file of `spec` → key of the bytes that it names; they must be the parent's. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Field (`optimizer.learningRate`, `tasks.spell.weight`) → its new value; null takes the field away where it may be. */
  readonly set?: Readonly<Record<string, unknown>> | undefined;
}

/** Reply to a fork. */
export interface ForkReplyDocument extends AttemptReplyDocument {
  readonly parent: { readonly run: string; readonly step: number };
  /** Fields that differ from the parent's, sorted; values as JSON has them, null: not there. */
  readonly changes: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[];
  /** What does not come along from the parent, in sentences. */
  readonly remarks: readonly string[];
}

/** `POST /v1/runs/:run/scale` */
export interface ScaleReplyDocument extends AttemptReplyDocument {
  /** Workers asked for. */
  readonly workers: number;
  /** Workers that train it now; 0 while it waits. */
  readonly now: number;
  /** Live workers that no run has leased. */
  readonly free: number;
}

/** `GET /v1/runs/:run/checkpoints` */
export interface CheckpointListDocument {
  readonly run: string;
  /** Newest first. */
  readonly checkpoints: readonly (CheckpointSummaryDocument & {
    readonly files: number;
    /** Why it may not be pruned now; null: it may. */
    readonly neededBy: string | null;
  })[];
}

/** `POST /v1/runs/:run/checkpoints/:step/verify`: every file read and compared. */
export interface CheckpointVerificationDocument {
  readonly run: string;
  readonly step: number;
  readonly stateHash: string;
  readonly intact: boolean;
  readonly files: readonly {
    /** `manifest`, or the part's name. */
    readonly name: string;
    readonly key: string;
    readonly sizeBytes: number;
    /** What is wrong with it, in a sentence; null: nothing. */
    readonly problem: string | null;
  }[];
}

/** `POST /v1/runs/:run/checkpoints/prune` */
export interface PruneReplyDocument {
  readonly run: string;
  /** Nothing was deleted; `deleted` would be. */
  readonly dryRun: boolean;
  readonly deleted: readonly { readonly step: number; readonly sizeBytes: number }[];
  readonly kept: readonly { readonly step: number; readonly reason: string }[];
}

/** Reply to launch, resume, pause and cancel. */
export interface AttemptReplyDocument {
  readonly run: string;
  readonly attempt: number;
  readonly state: RunState;
}

export interface WorkerDocument {
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  readonly device: DeviceDescription;
  /** Seen within the last seconds, neither draining nor quarantined. */
  readonly live: boolean;
  /** It is leaving; false once it is gone. */
  readonly draining: boolean;
  readonly quarantined: string | null;
  /** Null once it is gone. */
  readonly trainer: TrainerStatus | null;
  readonly seenAt: string;
}

/** `GET /v1/workers` */
export interface WorkerListDocument {
  readonly workers: readonly WorkerDocument[];
}

/** `POST /v1/generate` */
export interface GenerateReplyDocument {
  readonly run: string;
  readonly task: string;
  /** Step of the checkpoint that generated. */
  readonly step: number;
  readonly worker: string;
  readonly outputs: readonly GeneratedSource[];
}

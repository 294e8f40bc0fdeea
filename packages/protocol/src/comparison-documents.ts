import type { LineageDocument, RunSummaryDocument } from './api-documents.js';
import type { MetricDirection } from './metric-direction.js';
import type { RunState } from './run-status.js';

/** One run of a comparison. */
export interface ComparedRunDocument extends RunSummaryDocument {
  /** Time of all its attempts; null before the first. */
  readonly seconds: number | null;
  /** Share of that time in which steps were done for the first time, 0..1; null where it is not known. */
  readonly goodput: number | null;
}

/** What a run recorded of one metric; numbers that are not finite are null. */
export interface MetricSummaryDocument {
  readonly count: number;
  readonly last: number | null;
  readonly lastStep: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface ComparedMetricDocument {
  readonly metric: string;
  readonly kind: 'point' | 'timing';
  /** Null: neither more nor less of it is better, as of a learning rate. */
  readonly direction: MetricDirection | null;
  /** By run, in the order asked for; null: not recorded. */
  readonly values: readonly (MetricSummaryDocument | null)[];
  /** Places of the runs whose value is the best; empty where all are equal. */
  readonly best: readonly number[];
}

/** `GET /v1/compare`: several runs side by side. */
export interface ComparisonDocument {
  readonly runs: readonly ComparedRunDocument[];
  /** Whether all have a state hash and it is the same; null where one has none. */
  readonly equalStateHash: boolean | null;
  /** Which value of a metric decides who is best: the last, or the best that it ever had. */
  readonly by: 'last' | 'best';
  /** Fields of the run files, sorted; a value is null where the run file has no such field. Long values are cut. */
  readonly params: readonly { readonly key: string; readonly values: readonly (string | null)[] }[];
  readonly metrics: readonly ComparedMetricDocument[];
  /** How many are left out because all runs agree on them. */
  readonly equal: { readonly params: number; readonly metrics: number };
}

/** Something that two runs have otherwise; null: not there. */
export interface DifferenceDocument {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** `GET /v1/runs/:run/diff/:other`: what two runs were made of, as far as it differs. */
export interface RunDiffDocument {
  readonly from: RunSummaryDocument;
  readonly to: RunSummaryDocument;
  /** Whether the final state hashes are equal; null where one has none. */
  readonly equalStateHash: boolean | null;
  /** The run files. */
  readonly config: readonly DifferenceDocument[];
  /** The commit of Tributary's code, with `-dirty` where files differed from it. */
  readonly code: readonly DifferenceDocument[];
  /** Versions of Node and of packages, the backend, and the lock file's hash. */
  readonly packages: readonly DifferenceDocument[];
  /** Sources, uploaded files, and hashes of the prepared splits and of initial values. */
  readonly data: readonly DifferenceDocument[];
  /** Devices and processors that it was trained on; which worker they belonged to never changes a result. */
  readonly machine: readonly DifferenceDocument[];
  /** Runs of the two of which no member has told what it was made of; nothing but `config` and files is known of them. */
  readonly untold: readonly string[];
}

/** `GET /v1/best`: the runs in which a metric got best. */
export interface BestRunsDocument {
  readonly metric: string;
  readonly direction: MetricDirection;
  /** Best first; of equals, the older first. */
  readonly runs: readonly (RunSummaryDocument & {
    /** The best that the metric ever had there; null: an infinity. */
    readonly value: number | null;
    readonly last: number | null;
    readonly lastStep: number | null;
  })[];
}

/** A run that another began with: `fork` with its whole state, `init` with its parameters. */
export interface RelativeDocument {
  readonly run: string;
  readonly relation: 'fork' | 'init';
  /** The run at the other end. */
  readonly of: string;
  /** The checkpoint; null: the newest there was. */
  readonly step: number | null;
  /** How many runs away: 1 is a parent or child. */
  readonly distance: number;
  /** Null: it is gone. */
  readonly state: RunState | null;
}

/** `GET /v1/runs/:run/lineage` */
export interface RunLineageDocument {
  readonly run: string;
  /** What it comes from, nearest first. */
  readonly ancestors: readonly RelativeDocument[];
  /** What came of it, nearest first. */
  readonly descendants: readonly RelativeDocument[];
  /** Whether there are more than are listed. */
  readonly more: boolean;
  /** Path in the run file → key of the uploaded bytes, which ends in their SHA-256. */
  readonly files: Readonly<Record<string, string>>;
  /** What each member of each generation reported. */
  readonly facts: readonly LineageDocument[];
}

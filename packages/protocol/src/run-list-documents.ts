import type { RunSummaryDocument } from './api-documents.js';

/** What a run has in a column: a number that JSON cannot hold is the text `NaN`, `Infinity` or `-Infinity`; null: nothing. */
export type ColumnValueDocument = string | number | boolean | null;

export interface ColumnDocument {
  /** As it was asked for: `metrics.loss`. */
  readonly name: string;
  /** Times are ISO 8601, UTC. */
  readonly type: 'text' | 'number' | 'time' | 'boolean';
}

/** `GET /v1/runs` */
export interface RunListDocument {
  readonly runs: readonly (RunSummaryDocument & {
    /** By name of column. */
    readonly values: Readonly<Record<string, ColumnValueDocument>>;
  })[];
  /** What `values` hold: the columns that were asked for, else the metrics, parameters and tags of the filter and the order. */
  readonly columns: readonly ColumnDocument[];
  /** Give it as `page` for the next page; null on the last. */
  readonly next: string | null;
}

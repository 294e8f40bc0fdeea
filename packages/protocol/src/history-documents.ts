/** A number as JSON can hold it: what it has no literal for is a text. */
export type RecordedNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/** Makes a number fit for JSON. */
export function recordedNumber(value: number): RecordedNumber {
  return Number.isFinite(value) ? value : (String(value) as RecordedNumber);
}

/** `GET /v1/runs/:run/history`: a metric over the steps of a run. */
export interface HistoryDocument {
  readonly run: string;
  readonly metric: string;
  /** `timing`: it may differ when a step is redone; of each step stands the newest. */
  readonly kind: 'point' | 'timing';
  /** Of everything that is recorded, however few points are given. */
  readonly count: number;
  readonly firstStep: number | null;
  readonly lastStep: number | null;
  readonly first: RecordedNumber | null;
  readonly last: RecordedNumber | null;
  /** NaN left out; null where there is nothing else. */
  readonly min: RecordedNumber | null;
  readonly max: RecordedNumber | null;
  /** Whether less is better, or more. */
  readonly better: 'min' | 'max';
  /** By step; where they are fewer than recorded, each stretch of steps keeps its ends, its extremes and its first NaN. */
  readonly points: readonly { readonly step: number; readonly value: RecordedNumber }[];
}

/** Reply to a change of tags. */
export interface TagsDocument {
  readonly run: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Reply to a note. */
export interface NoteDocument {
  readonly run: string;
  readonly note: string | null;
}

/** Reply to archive and restore: the runs that changed. */
export interface ArchiveReplyDocument {
  readonly changed: readonly string[];
}

/** Reply to a deletion. */
export interface DeletionReplyDocument {
  /** Those that nobody finds from now on. */
  readonly deleted: readonly string[];
  /** Deleted runs of this installation whose data still goes. */
  readonly purging: number;
}

/** Forms of an export. Only `jsonl` holds whole runs and can be imported; the others hold one table. */
export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Tables that an export as `csv` or `parquet` can hold. */
export const exportTables = ['runs', 'params', 'tags', 'metrics', 'points', 'timings'] as const;
export type ExportTable = (typeof exportTables)[number];

/** `POST /v1/export` */
export interface ExportRequestDocument {
  /** Null: all of them, also archived ones, or those of the filter. */
  readonly runs: readonly string[] | null;
  /** As that of a list of runs; `runs` is null then. */
  readonly filter?: string | undefined;
  readonly format: ExportFormat;
  /** Of `csv` and `parquet`; default `points`. */
  readonly table?: ExportTable | undefined;
}

/** Reply to an import. */
export interface ImportReplyDocument {
  readonly imported: readonly string[];
  /** Runs whose id was taken. */
  readonly skipped: readonly string[];
}

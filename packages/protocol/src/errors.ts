/** Stable codes of failures that a caller can act on. */
export const errorCodes = [
  'SPEC_INVALID',
  'DATA_INVALID',
  'FILTER_INVALID',
  'RUN_NOT_FOUND',
  'RUN_STATE_CONFLICT',
  'TASK_NOT_FOUND',
  'METRIC_NOT_FOUND',
  'CHECKPOINT_NOT_FOUND',
  'CHECKPOINT_CORRUPT',
  'SNAPSHOT_LOST',
  'OBJECT_NOT_FOUND',
  'NOT_RECORDED',
  'NO_WORKERS',
  'UNAUTHORIZED',
  'STACK_DOWN',
  'TOO_LARGE',
  'QUERY_TOO_SLOW',
  'PREREQUISITE_MISSING',
  'SERVER_FAILED',
  'BACKEND_UNAVAILABLE',
  'TRACE_REFUSED',
  'GENERATION_SUPERSEDED',
  'PEER_SILENT',
  'DIVERGED',
  'NON_FINITE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * A failure that says in one sentence what was wrong, where, and what to do.
 * User mistakes are of this class and never print a stack.
 */
export class TributaryError extends Error {
  readonly code: ErrorCode;
  /** Where in a text that the user gave the fault is, if it is in one. */
  readonly at: TextPlace | undefined;
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown; readonly at?: TextPlace }) {
    super(message, options);
    this.name = 'TributaryError';
    this.code = code;
    this.at = options?.at;
  }
}

/** A place in one of the texts with which a user asks for runs. */
export interface TextPlace {
  readonly text: 'filter' | 'order' | 'columns';
  /** 1 is its first character. */
  readonly column: number;
}

/** The wire form of an error: API bodies, `--json` output, end-of-run records. */
export interface ErrorDocument {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at?: TextPlace;
}

export function toErrorDocument(error: unknown): ErrorDocument {
  if (error instanceof TributaryError) {
    const { code, message, at } = error;
    return { code, message, ...(at === undefined ? {} : { at }) };
  }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}

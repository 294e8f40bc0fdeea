/** Stable codes of failures that a caller can act on. */
export const errorCodes = [
  'SPEC_INVALID',
  'DATA_INVALID',
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
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'TributaryError';
    this.code = code;
  }
}

/** The wire form of an error: API bodies, `--json` output, end-of-run records. */
export interface ErrorDocument {
  readonly code: ErrorCode;
  readonly message: string;
}

export function toErrorDocument(error: unknown): ErrorDocument {
  if (error instanceof TributaryError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}

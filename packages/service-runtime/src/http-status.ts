import type { ErrorCode } from '@tributary/protocol';

const statusOf: Partial<Record<ErrorCode, number>> = {
  SPEC_INVALID: 400,
  DATA_INVALID: 400,
  FILTER_INVALID: 400,
  UNAUTHORIZED: 401,
  RUN_NOT_FOUND: 404,
  TASK_NOT_FOUND: 404,
  METRIC_NOT_FOUND: 404,
  CHECKPOINT_NOT_FOUND: 404,
  OBJECT_NOT_FOUND: 404,
  NOT_RECORDED: 404,
  RUN_STATE_CONFLICT: 409,
  CHECKPOINT_CORRUPT: 409,
  NO_WORKERS: 409,
  TOO_LARGE: 413,
  // Whoever asks again would wait as long again, and clients repeat what is 408, 503 or 504.
  QUERY_TOO_SLOW: 422,
  SERVER_FAILED: 503,
};

/** The HTTP status of an error; 500 where it is a fault of ours. */
export const httpStatusOf = (code: ErrorCode): number => statusOf[code] ?? 500;

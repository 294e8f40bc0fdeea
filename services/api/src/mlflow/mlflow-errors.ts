import type { ErrorCode, TributaryError } from '@tributary/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { errorReply } from '../error-replies.js';

/** A refusal in MLflow's own words, for what has no code of ours. */
export class MlflowError extends Error {
  constructor(
    readonly status: number,
    readonly errorCode: string,
    message: string,
  ) {
    super(message);
    this.name = 'MlflowError';
  }
}

/** Codes that MLflow's clients know. They try again after `TEMPORARILY_UNAVAILABLE`. */
const errorCodeOf: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'UNAUTHENTICATED',
  SERVER_FAILED: 'TEMPORARILY_UNAVAILABLE',
  RUN_NOT_FOUND: 'RESOURCE_DOES_NOT_EXIST',
  METRIC_NOT_FOUND: 'RESOURCE_DOES_NOT_EXIST',
  INTERNAL: 'INTERNAL_ERROR',
};

/** Every error leaves as MLflow's `{error_code, message}`, with the status that ours has. */
export function replyWithMlflowError(
  error: FastifyError | TributaryError | MlflowError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, code, message } = replyOf(error);
  if (status === 500) request.log.error({ err: error }, 'request failed');
  else request.log.info({ code, reason: message }, 'request refused');
  void reply
    .status(status)
    .type('application/json')
    .send(JSON.stringify({ error_code: code, message }));
}

function replyOf(error: FastifyError | TributaryError | MlflowError) {
  if (error instanceof MlflowError) return { status: error.status, code: error.errorCode, message: error.message };
  const { status, document } = errorReply(error);
  return { status, code: errorCodeOf[document.code] ?? 'INVALID_PARAMETER_VALUE', message: document.message };
}

/** What MLflow's clients could ask, and this history has not. */
export function noSuchEndpoint(method: string, url: string): MlflowError {
  const reads = method === 'GET' || /\/search\b/.test(url);
  return reads
    ? new MlflowError(
        404,
        'ENDPOINT_NOT_FOUND',
        `Tributary answers MLflow's reads of experiments, runs, metrics and artifact lists; it has no ${method} ${url.split('?')[0]}.`,
      )
    : new MlflowError(
        403,
        'PERMISSION_DENIED',
        "Tributary's history is read-only to MLflow clients: runs, metrics, parameters and tags are written by training alone; launch, tag and archive runs with the tributary command line.",
      );
}

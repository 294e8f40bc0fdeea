import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { type ErrorCode, errorCodes } from '@tributary/protocol';

/** The code and sentence of an activity's final failure. */
export function failureReason(error: unknown): { code: ErrorCode; reason: string } {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  const code = cause instanceof ApplicationFailure ? errorCodes.find((known) => known === cause.type) : undefined;
  return { code: code ?? 'INTERNAL', reason: cause instanceof Error ? cause.message : String(cause) };
}

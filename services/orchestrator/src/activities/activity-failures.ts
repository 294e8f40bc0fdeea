import { CancelledFailure } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type ErrorCode, TributaryError } from '@tributary/protocol';

/** Failures that another try cannot mend: the user's data, the run's state, a newer attempt. */
const permanentCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SPEC_INVALID',
  'DATA_INVALID',
  'TOO_LARGE',
  'TASK_NOT_FOUND',
  'OBJECT_NOT_FOUND',
  'RUN_NOT_FOUND',
  'RUN_STATE_CONFLICT',
  'GENERATION_SUPERSEDED',
  'DIVERGED',
  'PREREQUISITE_MISSING',
]);

/** The language's own errors are mistakes of this program: the same call would fail again. */
const mistakes = [TypeError, RangeError, ReferenceError, SyntaxError];

/** What Temporal is told of a failed activity: its code, and whether to try again. */
export function activityFailure(error: unknown): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  const known = error instanceof TributaryError;
  const mistake = mistakes.some((kind) => error instanceof kind);
  return ApplicationFailure.create({
    type: known ? error.code : 'INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    nonRetryable: mistake || (known && permanentCodes.has(error.code)),
    cause: error instanceof Error ? error : undefined,
  });
}

import { TributaryError } from '@tributary/protocol';
import type { AttemptRef } from '@tributary/workflows';

/** @throws TributaryError `RUN_STATE_CONFLICT` where a newer attempt of the run has begun */
export function requireAttempt(row: { readonly attempt: number }, { run, attempt }: AttemptRef): void {
  if (row.attempt !== attempt)
    throw new TributaryError(
      'RUN_STATE_CONFLICT',
      `Attempt ${attempt} of ${run} has been followed by attempt ${row.attempt}; the older one ends here.`,
    );
}

import type { Logger } from '@tributary/telemetry';
import pRetry from 'p-retry';

export interface UntilThereOptions {
  /** What is waited for, for the log: `NATS`, `the object store`. */
  readonly what: string;
  readonly logger: Logger;
  /** Ends the waiting; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Errors worth another try; without it all. */
  readonly retryable?: (error: unknown) => boolean;
}

/** Tries until it works: servers may come up after the processes that use them, and go away meanwhile. */
export function untilThere<T>(attempt: () => T | Promise<T>, options: UntilThereOptions): Promise<T> {
  const { what, logger, signal, retryable = () => true } = options;
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    factor: 2,
    minTimeout: 100,
    maxTimeout: 5_000,
    signal,
    shouldRetry: ({ error }) => retryable(error),
    onFailedAttempt: ({ error, attemptNumber }) => {
      if (attemptNumber === 2 || attemptNumber % 20 === 0)
        logger.warn({ error: error.message, attempts: attemptNumber }, `${what} does not answer; trying on`);
    },
  });
}

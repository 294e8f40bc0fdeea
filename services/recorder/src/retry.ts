import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** Ends the waiting, and with it the trying: the last error is thrown. */
  readonly signal: AbortSignal;
  /** Errors worth another try. */
  readonly retryable: (error: unknown) => boolean;
  readonly onRetry: (error: unknown, attempt: number, waitMs: number) => void;
  readonly firstWaitMs?: number;
  readonly longestWaitMs?: number;
}

/** Tries until it works, waiting twice as long each time, up to a limit. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, firstWaitMs = 100, longestWaitMs = 5_000 } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !options.retryable(error)) throw error;
      const waitMs = Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs);
      options.onRetry(error, attempt, waitMs);
      await delay(waitMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}

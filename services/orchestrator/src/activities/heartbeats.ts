import { Context } from '@temporalio/activity';

const heartbeatIntervalMs = 1_000;

/**
 * Runs an activity's work with a heartbeat a second, by which a cancellation arrives too. Once cancelled (also by this
 * process's own shutdown), `signal` is aborted and the activity ends as cancelled, whatever the work does.
 */
export async function whileHeartbeating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), heartbeatIntervalMs);
  try {
    return await Promise.race([work(context.cancellationSignal), context.cancelled]);
  } finally {
    clearInterval(timer);
  }
}

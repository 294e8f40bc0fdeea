import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once the work has ended, in whatever way, and at the latest after the limit. */
export async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const late = delay(limitMs, undefined, { signal: limit.signal });
  await Promise.race([work, late]).catch(() => undefined);
  limit.abort();
  await late.catch(() => undefined);
}

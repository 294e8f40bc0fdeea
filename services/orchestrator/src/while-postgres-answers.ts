import { setTimeout as delay } from 'node:timers/promises';
import { isTransientDatabaseError } from '@tributary/run-store';

/** How long those wait for Postgres who can do without it. */
export const postgresPatienceMs = 2_000;

/**
 * What some work with the run-store gives, or null where Postgres cannot be reached or has not answered in time. The work may
 * still come to its end later: it must be harmless then.
 */
export async function whilePostgresAnswers<T>(
  work: () => Promise<T>,
  patienceMs: number = postgresPatienceMs,
): Promise<T | null> {
  const over = new AbortController();
  const answer = work().catch((error: unknown) => {
    if (isTransientDatabaseError(error)) return null;
    throw error;
  });
  // Nobody listens any more once the time is over.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, delay(patienceMs, null, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `probe` until it gives a value, at first often, then less so.
 *
 * @returns undefined when `timeoutMs` passed before.
 */
export async function waitFor<T>(
  timeoutMs: number,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  let pauseMs = 20;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() >= deadline) return undefined;
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 1.3, 250);
  }
}

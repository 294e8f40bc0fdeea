import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@tributary/telemetry';

/** Does some work again and again, never twice at once; a failure is logged when it begins and when it ends. */
export function repeatedly(name: string, everyMs: number, work: () => Promise<void>, log: Logger): () => Promise<void> {
  const stopping = new AbortController();
  let failing = false;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await work();
        if (failing) log.info(`${name}: works again`);
        failing = false;
      } catch (error) {
        if (!failing) log.warn({ err: error }, `${name}: failed; trying on`);
        failing = true;
      }
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}

import { TextDecoderStream } from 'node:stream/web';
import { setTimeout as delay } from 'node:timers/promises';
import { isResting, type RunEvent, TributaryError } from '@tributary/protocol';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ApiClient } from './api-client.js';

/** How long the API may be away, e.g. while it is restarted, before following gives up. */
const patienceMs = 60_000;

/**
 * The events of a run until it is at rest. Follows on where the connection breaks.
 * @param signal ends it early, without an error
 * @throws TributaryError `STACK_DOWN` once the API has been away for a minute; the run goes on
 */
export async function* followRun(client: ApiClient, run: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
  let awaySinceMs: number | null = null;
  while (!signal.aborted) {
    try {
      const body = await client.events(run, signal);
      awaySinceMs = null;
      for await (const { data } of body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())) {
        const event = JSON.parse(data) as RunEvent;
        yield event;
        if (event.kind === 'state' && isResting(event.state)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      const temporary =
        !(error instanceof TributaryError) || error.code === 'STACK_DOWN' || error.code === 'SERVER_FAILED';
      if (!temporary) throw error;
      awaySinceMs ??= Date.now();
      if (Date.now() - awaySinceMs > patienceMs)
        throw new TributaryError(
          'STACK_DOWN',
          `The API has not answered for a minute; the run goes on without it. Look with: npx tributary status; come back with: npx tributary watch ${run}`,
          { cause: error },
        );
    }
    await delay(500, undefined, { signal }).catch(() => undefined);
  }
}

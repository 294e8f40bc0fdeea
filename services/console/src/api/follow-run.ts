import { isResting, type RunEvent } from '@tributary/protocol';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ApiClient } from './api-client.js';
import { ApiError } from './api-error.js';

/** The API sends something every 5 s; after this long the connection is taken for lost. */
const silenceMs = 20_000;
const firstDelayMs = 500;
const longestDelayMs = 15_000;

/** How the page stands to the event stream. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number; readonly reason: string }
  /** The run rests; there is nothing to follow. */
  | { readonly kind: 'rest' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Pauses between attempts: twice as long each time, within bounds. */
export function retryDelayMs(failures: number): number {
  return Math.min(longestDelayMs, firstDelayMs * 2 ** Math.max(0, failures - 1));
}

/**
 * Follows a run until it rests or the signal aborts, and connects anew where the stream breaks. `EventSource` cannot send the
 * token, so the stream is read by `fetch`.
 */
export async function followRun(
  client: ApiClient,
  run: string,
  signal: AbortSignal,
  tell: { readonly event: (event: RunEvent) => void; readonly connection: (connection: Connection) => void },
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const end = (): void => attempt.abort();
    signal.addEventListener('abort', end, { once: true });
    let silence = setTimeout(end, silenceMs);
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
    };
    let reason = 'The event stream ended';
    try {
      tell.connection({ kind: 'connecting' });
      const body = await client.events(run, attempt.signal);
      tell.connection({ kind: 'live' });
      failures = 0;
      const events = body
        .pipeThrough(watched(heard))
        .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
        .pipeThrough(new EventSourceParserStream());
      for await (const { data } of events) {
        const event = JSON.parse(data) as RunEvent;
        tell.event(event);
        if (event.kind === 'state' && isResting(event.state)) return tell.connection({ kind: 'rest' });
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError) {
        if (error.status >= 400 && error.status < 500)
          return tell.connection({ kind: 'refused', reason: error.message });
        reason = error.message;
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', end);
      attempt.abort();
    }
    failures += 1;
    const delayMs = retryDelayMs(failures);
    tell.connection({ kind: 'waiting', retryAtMs: Date.now() + delayMs, reason });
    await pause(delayMs, signal);
  }
}

/** Passes bytes on and says that some came: heartbeats are no events. */
function watched(heard: () => void): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      heard();
      controller.enqueue(chunk);
    },
  });
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    const wake = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', wake, { once: true });
    // A laptop that wakes up, a network that is back.
    addEventListener('online', wake, { once: true });
  });
}

import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { isResting, natsNames, type RunEvent, type RunState } from '@tributary/protocol';
import { type RunRow, requireRun } from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';

/**
 * The events of a run as server-sent events: its state first, then its newest progress, then what comes, until it is at
 * rest. Where the events stream has lost a state, the run store, asked at each heartbeat, has it.
 *
 * @param signal ends it early
 */
export async function* runEventStream(
  run: string,
  options: { readonly namespace: string; readonly heartbeatMs: number; readonly signal: AbortSignal },
  { db, nats }: Pick<ApiDeps, 'db' | 'nats'>,
): AsyncGenerator<string> {
  const { namespace, heartbeatMs, signal } = options;
  const names = natsNames(namespace);
  const consumer = await jetstream(nats).consumers.get(names.eventsStream, {
    filter_subjects: names.events(run),
    deliver_policy: DeliverPolicy.LastPerSubject,
  });
  // Asked after the consumer stands: no state can fall between the two.
  const first = await requireRun(db, run);
  let told: { attempt: number; state: RunState } = { attempt: first.attempt, state: first.state };
  yield sse(stateEvent(first));
  if (isResting(first.state)) return;

  const messages = await consumer.consume({ max_messages: 100 });
  const stop = (): void => {
    messages.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  const incoming = messages[Symbol.asyncIterator]();
  try {
    let next = incoming.next();
    while (!signal.aborted) {
      const arrived = await within(next, heartbeatMs);
      if (arrived === null) {
        const now = await requireRun(db, run);
        if (now.state !== told.state || now.attempt !== told.attempt) {
          told = { attempt: now.attempt, state: now.state };
          yield sse(stateEvent(now));
          if (isResting(now.state)) return;
        } else yield ': still here\n\n';
        continue;
      }
      if (arrived.done === true) return;
      next = incoming.next();
      const event = arrived.value.json<RunEvent>();
      // What the stream kept of earlier attempts is no news.
      if ('attempt' in event && event.attempt < told.attempt) continue;
      if (event.kind !== 'state') {
        yield sse(event);
        continue;
      }
      if (event.attempt === told.attempt && event.state === told.state) continue;
      if (isResting(event.state)) {
        // The run store is what the report is read from: it has the last word.
        const now = await requireRun(db, run);
        if (!isResting(now.state)) continue;
        yield sse({ ...event, state: now.state, reason: now.reason, step: now.step });
        return;
      }
      told = { attempt: event.attempt, state: event.state };
      yield sse(event);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await messages.close();
  }
}

function stateEvent({ run, attempt, state, reason, step }: RunRow): RunEvent {
  return { kind: 'state', run, attempt, state, reason, step };
}

function sse(event: RunEvent): string {
  return `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The result, or null once the time is over; the promise stays usable. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

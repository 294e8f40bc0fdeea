import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import {
  type NatsNames,
  type SnapshotPart,
  type SnapshotRequest,
  TributaryError,
  type WorkerId,
} from '@tributary/protocol';
import { checkAnswer, isProgress, silenceMs } from './snapshot-messages.js';

export interface CopyRequest {
  readonly connection: NatsConnection;
  readonly names: NatsNames;
  /** Who is to keep the parts. */
  readonly buddy: WorkerId;
  /** Who has them. */
  readonly from: WorkerId;
  readonly parts: readonly SnapshotPart[];
  readonly signal: AbortSignal;
  /** Default: 5 s. */
  readonly silenceMs?: number;
}

/**
 * Asks a buddy to fetch and keep parts; resolves once it holds them all.
 * @throws TributaryError `PEER_SILENT` where the buddy does not serve or said nothing for 5 s; else what it answered; the
 *   signal's reason once aborted.
 */
export function requestCopy(copy: CopyRequest): Promise<void> {
  const { connection, names, buddy, from, parts, signal } = copy;
  const limitMs = copy.silenceMs ?? silenceMs;
  const request: SnapshotRequest = { kind: 'copy', from, parts };
  const silent = (what: string): TributaryError =>
    new TributaryError('PEER_SILENT', `Worker ${buddy} ${what} while it was to copy a snapshot of worker ${from}.`);
  return new Promise<void>((resolve, reject) => {
    signal.throwIfAborted();
    const inbox = createInbox();
    const end = (error?: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      answers.unsubscribe();
      if (error) reject(error);
      else resolve();
    };
    const abort = (): void => end(signal.reason as Error);
    const silence = (): void => end(silent(`said nothing for ${limitMs} ms`));
    let timer = setTimeout(silence, limitMs);
    const answers = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error) return end(error);
        // The server's own answer where nobody serves the subject.
        if (message.headers?.code === 503) return end(silent('does not serve'));
        if (isProgress(message)) {
          clearTimeout(timer);
          timer = setTimeout(silence, limitMs);
          return;
        }
        try {
          checkAnswer(message);
          end();
        } catch (answered) {
          end(answered as Error);
        }
      },
    });
    signal.addEventListener('abort', abort, { once: true });
    try {
      connection.publish(names.snapshots(buddy), JSON.stringify(request), { reply: inbox });
    } catch (error) {
      end(error as Error);
    }
  });
}

import type { Msg, NatsConnection } from '@nats-io/transport-node';
import {
  type NatsNames,
  type SnapshotInventory,
  type SnapshotPart,
  type SnapshotRequest,
  TributaryError,
  type WorkerId,
} from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { fetchSnapshotPart } from './fetch-snapshot-part.js';
import type { SnapshotFolder } from './snapshot-folder.js';
import { chunkBytes, progressIntervalMs, respondError, respondProgress } from './snapshot-messages.js';
import { checkSnapshotPart } from './snapshot-ref.js';

export interface SnapshotService {
  readonly connection: NatsConnection;
  readonly names: NatsNames;
  readonly worker: WorkerId;
  readonly folder: SnapshotFolder;
  readonly logger: Logger;
  /** Whether a copy is still wanted, before it is fetched and when it has been written; default: always. */
  readonly admits?: (part: SnapshotPart) => boolean;
  /** Parts have been copied for another worker. */
  readonly onCopied?: (parts: readonly SnapshotPart[]) => void;
}

/**
 * Answers for one agent's snapshots: what it holds, pieces of files, and requests to keep copies for others. A request is
 * always answered, if only with an error. Once `close` resolves, nothing is read or written any more.
 */
export function serveSnapshots(service: SnapshotService): { close(): Promise<void> } {
  const { connection, names, worker, logger } = service;
  const closing = new AbortController();
  const answering = new Set<Promise<void>>();
  const subscription = connection.subscribe(names.snapshots(worker), {
    callback: (failure, message) => {
      if (failure) return;
      const answered = answer(message, service, closing.signal)
        .catch((error: unknown) => {
          logger.debug({ error: String(error) }, 'a snapshot request is answered with an error');
          try {
            respondError(message, error);
          } catch (unsent) {
            logger.debug({ error: String(unsent) }, 'a snapshot request could not be answered');
          }
        })
        .finally(() => answering.delete(answered));
      answering.add(answered);
    },
  });
  return {
    async close() {
      subscription.unsubscribe();
      closing.abort(new TributaryError('SNAPSHOT_LOST', `Worker ${worker} leaves.`));
      await Promise.all(answering);
    },
  };
}

async function answer(message: Msg, service: SnapshotService, signal: AbortSignal): Promise<void> {
  const { worker, folder } = service;
  const request = message.json<SnapshotRequest>();
  switch (request.kind) {
    case 'inventory': {
      const inventory: SnapshotInventory = { worker, parts: await folder.list(request.run) };
      message.respond(JSON.stringify(inventory));
      return;
    }
    case 'read': {
      const { ref, offset, length } = request;
      const reads = (value: number, most: number): boolean =>
        Number.isSafeInteger(value) && value >= 0 && value <= most;
      if (!reads(offset, Number.MAX_SAFE_INTEGER) || !reads(length, chunkBytes))
        throw new TributaryError('TOO_LARGE', `A read takes at most ${chunkBytes} bytes, from 0 on; ask for fewer.`);
      message.respond(await folder.readRange(ref, offset, length));
      return;
    }
    case 'check':
      await folder.read(request.ref);
      message.respond('');
      return;
    case 'copy':
      await copy(message, request, service, signal);
      message.respond('');
      return;
    default:
      throw new TributaryError(
        'INTERNAL',
        `Worker ${worker} does not know this request of a newer version; upgrade it.`,
      );
  }
}

async function copy(
  message: Msg,
  { from, parts }: Extract<SnapshotRequest, { kind: 'copy' }>,
  { connection, names, worker, folder, logger, admits = () => true, onCopied }: SnapshotService,
  signal: AbortSignal,
): Promise<void> {
  let saidAt = Number.NEGATIVE_INFINITY;
  const onProgress = (): void => {
    const now = performance.now();
    if (now - saidAt < progressIntervalMs) return;
    saidAt = now;
    respondProgress(message);
  };
  for (const part of parts) checkSnapshotPart(part);
  for (const part of parts) {
    const refuse = (): void => {
      if (!admits(part))
        throw new TributaryError('GENERATION_SUPERSEDED', `Worker ${worker} keeps no more copies of run ${part.run}.`);
    };
    refuse();
    onProgress();
    if (!(await folder.holds(part))) {
      const bytes = await fetchSnapshotPart({ connection, names, part, holders: [from], signal, onProgress });
      await folder.write(part, bytes);
    }
    onProgress();
    // Dropped while it was fetched: not to come back.
    if (!admits(part)) await folder.forget(part);
    refuse();
  }
  logger.debug({ from, parts: parts.length }, 'copied a snapshot');
  onCopied?.(parts);
}

import { createHash } from 'node:crypto';
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { type ObjectInfo, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { type ObjectStore, TributaryError } from '@tributary/protocol';
import { checkKey, objectNotFound } from './object-key.js';

/** Bytes of one message of an object; each is one durable write of the server. */
const chunkBytes = 512 * 1024;
/** Bytes asked for at once; far below the server's limit of a client's backlog. */
const requestBytes = 8 * 1024 * 1024;
/** Tries of an operation that another writer of the same key may disturb. */
const attempts = 20;
/** Silence after which a read gives up: a request lost in a reconnection is never answered. */
const answerTimeoutMs = 10_000;
/** JetStream's "wrong last sequence": another writer was faster. */
const wrongLastSequence = 10071;

/**
 * Objects in a NATS object store bucket, which must exist. Writers of one key are put in order by compare-and-set of its
 * entry; readers verify SHA-256 and begin again when the object is replaced under their hands.
 * @throws TributaryError `SERVER_FAILED` if there is no such bucket.
 */
export async function natsStore(connection: NatsConnection, bucket: string): Promise<ObjectStore> {
  const where = `NATS object store ${bucket}`;
  const jsm = await jetstreamManager(connection);
  const objects = await new Objm(jetstream(connection)).open(bucket).catch((cause: unknown) => {
    const reason = (cause as Error).message;
    throw new TributaryError('SERVER_FAILED', `${where} cannot be opened (${reason}): run \`tributary up\` first.`, {
      cause,
    });
  });
  const stream = `OBJ_${bucket}`;

  const infoOf = async (key: string): Promise<ObjectInfo | null> => {
    checkKey(key);
    return objects.info(key);
  };
  const read = async (key: string): Promise<Uint8Array> => {
    let before: string | null = null;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const info = await infoOf(key);
      if (info === null || info.deleted) throw objectNotFound(key, where);
      // The same data again: they are not being replaced, they are damaged.
      if (info.nuid === before) break;
      const bytes = await readChunks(jsm, stream, `$O.${bucket}.C.${info.nuid}`, info.size);
      if (bytes !== null && info.digest === digestOf(bytes)) return bytes;
      before = info.nuid;
    }
    throw new TributaryError(
      'CHECKPOINT_CORRUPT',
      `Object ${key} in ${where} is damaged: its data do not match its SHA-256; use an earlier checkpoint, or prepare the run again.`,
    );
  };
  return {
    get: read,
    async put(key, bytes) {
      for (let attempt = 1; ; attempt++) {
        const previousRevision = (await infoOf(key))?.revision ?? 0;
        try {
          const meta = { name: key, options: { max_chunk_size: chunkBytes } };
          await objects.put(meta, chunkStream(bytes), { previousRevision });
          return;
        } catch (cause) {
          const raced = cause instanceof JetStreamApiError && cause.code === wrongLastSequence;
          if (!raced || attempt === attempts)
            throw new TributaryError(
              'SERVER_FAILED',
              `Object ${key} could not be written to ${where}: ${(cause as Error).message}.`,
              { cause },
            );
        }
      }
    },
    async has(key) {
      const info = await infoOf(key);
      return info !== null && !info.deleted;
    },
    async delete(key) {
      const info = await infoOf(key);
      if (info === null) return;
      if (!info.deleted) await objects.delete(key);
      // The mark of deletion goes too, unless a newer object has taken its place.
      const mark = await infoOf(key);
      if (mark?.deleted) await jsm.streams.purge(stream, { filter: metaSubject(bucket, key), seq: mark.revision + 1 });
    },
    async list(prefix) {
      const infos = await objects.list();
      return infos
        .map(({ name }) => name)
        .filter((name) => name.startsWith(prefix))
        .sort();
    },
  };
}

/** The messages of one object joined, or null if they do not make up its size. */
async function readChunks(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
  size: number,
): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  let next = 1;
  while (filled < size) {
    const before = filled;
    for await (const chunk of batchOf(jsm, stream, subject, next)) {
      if (filled + chunk.data.length > size) return null;
      bytes.set(chunk.data, filled);
      filled += chunk.data.length;
      next = chunk.seq + 1;
    }
    if (filled === before) return null;
  }
  return bytes;
}

/** The next messages of a subject from a sequence on; none where there are none. */
async function* batchOf(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
  seq: number,
): AsyncGenerator<StoredMsg> {
  const limits = { batch: requestBytes / chunkBytes, max_bytes: requestBytes };
  const messages = await jsm.direct.getBatch(stream, { seq, next_by_subj: subject, ...limits });
  const silence = new TributaryError(
    'SERVER_FAILED',
    `NATS stopped sending ${stream} for ${answerTimeoutMs / 1000} s; see \`tributary status\`, and try again.`,
  );
  const timer = setTimeout(() => messages.stop(silence), answerTimeoutMs);
  try {
    for await (const message of messages) {
      timer.refresh();
      yield message;
    }
  } catch (cause) {
    if (!/not found|no messages|no results/i.test((cause as Error).message)) throw cause;
  } finally {
    clearTimeout(timer);
    messages.stop();
  }
}

function chunkStream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      // The client keeps what it has not sent yet: give it memory of its own.
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at + chunkBytes));
      at += chunkBytes;
      if (at >= bytes.length) controller.close();
    },
  });
}

/** A digest as object store entries write it. */
function digestOf(bytes: Uint8Array): string {
  const digest = createHash('sha256').update(bytes).digest('base64').replaceAll('+', '-').replaceAll('/', '_');
  return `SHA-256=${digest}`;
}

/** Subject of a key's entry (NATS ADR-20). */
function metaSubject(bucket: string, key: string): string {
  return `$O.${bucket}.M.${Buffer.from(key).toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`;
}

import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { type ObjectStore, TributaryError } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';

const longestWaitMs = 5_000;

/** JetStream's code for a server that is starting, or without its majority. */
const temporarilyUnavailable = 10008;

/** What NATS clients throw while the server, or its JetStream, is away. A closed connection is not among them: it is final. */
const awayErrors = [
  errors.TimeoutError,
  errors.RequestError,
  errors.NoRespondersError,
  errors.ConnectionError,
] as const;

/** Its class is not exported: nobody answered for JetStream, which starts after its server. */
const notYetEnabled = 'JetStreamNotEnabled';

/** What Node says of a server that cannot be reached, and AWS's client of one that broke off. */
const awayCodes: readonly unknown[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'TimeoutError',
];

/** HTTP statuses of a server, or of what stands before it, that cannot answer now. */
const awayStatuses: readonly unknown[] = [429, 502, 503, 504];

/** Whether an error says that a server is away for now, rather than that it refuses. */
export function serverIsAway(error: unknown): boolean {
  const { code, name, $metadata } = (error ?? {}) as { code?: unknown; name?: unknown; $metadata?: unknown };
  if (awayCodes.includes(code) || awayCodes.includes(name)) return true;
  if (awayStatuses.includes(($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode)) return true;
  if (error instanceof JetStreamApiError) return error.code === temporarilyUnavailable;
  if (awayErrors.some((kind) => error instanceof kind)) return true;
  if (error instanceof Error && error.name === notYetEnabled) return true;
  if (!(error instanceof TributaryError) || error.code !== 'SERVER_FAILED') return false;
  return error.cause === undefined || serverIsAway(error.cause);
}

/**
 * An object store that waits for its server: a restart of NATS, or of S3, must cost a run nothing. What the server refuses (a full disk) or
 * does not have is thrown at once. All operations may be done twice.
 */
export function patientStore(store: ObjectStore, logger: Logger, firstWaitMs = 200): ObjectStore {
  const patiently = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        return await work();
      } catch (error) {
        if (!serverIsAway(error)) throw error;
        logger.warn({ error: String(error), what, waitMs }, 'the object store does not answer; trying on');
        await delay(waitMs);
      }
    }
  };
  return {
    get: (key) => patiently(`get ${key}`, () => store.get(key)),
    put: (key, bytes) => patiently(`put ${key}`, () => store.put(key, bytes)),
    has: (key) => patiently(`has ${key}`, () => store.has(key)),
    delete: (key) => patiently(`delete ${key}`, () => store.delete(key)),
    list: (prefix) => patiently(`list ${prefix}`, () => store.list(prefix)),
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from '@tributary/protocol';
import { type NatsAccess, type ServerAddress, serverAddresses } from './nats-access.js';
import { type LinkOptions, NatsLink } from './nats-link.js';
import { NatsPermissionError } from './server-refusal.js';

/** What happens to the connection. It goes on by itself after `disconnected`, and never after `refused`. */
export type NatsSocketState =
  | { readonly kind: 'connected'; readonly server: string }
  | { readonly kind: 'disconnected'; readonly server: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly error: TributaryError };

export interface NatsSocketOptions {
  readonly access: NatsAccess;
  readonly name: string;
  /** Subjects; messages carry the place, from 1, as `sid`. */
  readonly subscriptions: readonly string[];
  /** Of 128 KiB at least, into which the stream is read: also on shared memory. Messages that do not fit move to a larger one. */
  readonly buffer?: Uint8Array | undefined;
  readonly onMessage: (sid: number, from: number, payload: Uint8Array) => void;
  readonly onState?: ((state: NatsSocketState) => void) | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** A server that was silent for four of these is given up for another connection. */
  readonly pingIntervalMs?: number | undefined;
}

const shortestWaitMs = 100;
const longestWaitMs = 2_000;
/** So long, before it ends, may the server take to have all that was sent. */
const closeTimeoutMs = 2_000;

/**
 * A client of core NATS for many bytes in few messages: publishes what lies in memory, hands over what it receives where it
 * lies. A connection that is lost is made again for ever, on each server in turn; meanwhile messages are lost.
 */
export class NatsSocket {
  readonly #options: NatsSocketOptions;
  readonly #servers: readonly ServerAddress[];
  readonly #closing = new AbortController();
  #link: NatsLink | null = null;
  #running: Promise<void> | null = null;
  #maxPayloadBytes = 0;
  #opened: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  /** @throws TributaryError `PREREQUISITE_MISSING` where a server's address is none */
  constructor(options: NatsSocketOptions) {
    this.#options = options;
    this.#servers = serverAddresses(options.access.servers);
  }

  /** Longest payload in bytes that the servers take; 0 before the first connection. */
  get maxPayloadBytes(): number {
    return this.#maxPayloadBytes;
  }

  /** Bytes that were published and that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#link?.queuedBytes ?? 0;
  }

  /**
   * Resolves once a server has the subscriptions, however long that takes.
   *
   * @throws TributaryError where the servers refuse this client; the signal's reason
   */
  async open(signal?: AbortSignal): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      this.#opened = { resolve, reject };
    });
    const abort = (): void => this.#opened?.reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#running = this.#run();
    try {
      await opened;
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      this.#opened = null;
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Sends head and body as one payload, or loses it where there is no connection. @param line `PUB <subject> ` */
  publish(line: Uint8Array, head: Uint8Array, body?: Uint8Array): void {
    this.#link?.publish(line, head, body);
  }

  /** Ends after the server has what was published, if it takes it soon. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      const flushed = new AbortController();
      const late = delay(closeTimeoutMs, undefined, { signal: flushed.signal }).catch(() => undefined);
      await Promise.race([this.#link?.flush(), late]);
      flushed.abort();
      this.#closing.abort();
      this.#link?.end(new Error('closed'));
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    let refusals = 0;
    for (let at = 0; !signal.aborted; at = (at + 1) % this.#servers.length) {
      const server = this.#servers[at] as ServerAddress;
      const { wasUp, reason } = await this.#connect(server);
      if (signal.aborted) return;
      failures = wasUp ? 0 : failures + 1;
      if (wasUp) refusals = 0;
      if (reason instanceof TributaryError) {
        refusals += 1;
        // Servers that come up may not know their users yet; what each has refused, twice where there is one, is refused.
        const final = reason instanceof NatsPermissionError || refusals >= Math.max(2, this.#servers.length);
        if (final) return this.#giveUp(reason);
      }
      this.#options.onState?.({ kind: 'disconnected', server: server.text, reason: reason.message });
      await delay(this.#waitMs(failures), undefined, { signal }).catch(() => undefined);
    }
  }

  /** None before the other servers have been tried; then twice as long each round, never at the same time as other clients. */
  #waitMs(failures: number): number {
    const round = Math.floor(failures / this.#servers.length);
    if (failures % this.#servers.length !== 0) return 0;
    const longest = Math.min(shortestWaitMs * 2 ** round, longestWaitMs);
    return longest * (0.5 + Math.random() / 2);
  }

  #giveUp(error: TributaryError): void {
    this.#closing.abort();
    if (this.#opened !== null) this.#opened.reject(error);
    else this.#options.onState?.({ kind: 'refused', error });
  }

  /** One connection, until it ends. */
  #connect(server: ServerAddress): Promise<{ wasUp: boolean; reason: Error }> {
    const { access, name, subscriptions, buffer, connectTimeoutMs = 20_000, pingIntervalMs = 2_000 } = this.#options;
    const options: LinkOptions = { access, name, subscriptions, buffer, connectTimeoutMs, pingIntervalMs };
    return new Promise((resolve) => {
      let wasUp = false;
      const link = new NatsLink(server, options, {
        message: this.#options.onMessage,
        up: (info) => {
          if (this.#maxPayloadBytes > info.max_payload) {
            link.end(tooSmall(server, info.max_payload, this.#maxPayloadBytes));
            return;
          }
          wasUp = true;
          if (this.#maxPayloadBytes === 0) this.#maxPayloadBytes = info.max_payload;
          this.#options.onState?.({ kind: 'connected', server: server.text });
          this.#opened?.resolve();
        },
        down: (reason) => {
          this.#link = null;
          resolve({ wasUp, reason });
        },
      });
      this.#link = link;
    });
  }
}

function tooSmall(server: ServerAddress, takes: number, needed: number): TributaryError {
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `The NATS server ${server.text} takes payloads of ${takes} bytes where ${needed} were agreed; set its max_payload to that.`,
  );
}

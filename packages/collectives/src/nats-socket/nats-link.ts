import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ServerInfo } from '@nats-io/transport-node';
import { TributaryError } from '@tributary/protocol';
import { MessageReader, NatsProtocolError } from './message-reader.js';
import { credentials, type NatsAccess, type ServerAddress } from './nats-access.js';
import { SendQueue } from './send-queue.js';
import { serverError, tlsError, unusable } from './server-refusal.js';
import { tlsOptions } from './tls-options.js';

export interface LinkOptions {
  readonly access: NatsAccess;
  /** By which the server's monitoring names this client. */
  readonly name: string;
  /** Subjects; the first has the sid 1. */
  readonly subscriptions: readonly string[];
  readonly buffer: Uint8Array | undefined;
  /** For all from the first packet to the answer to CONNECT. */
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
}

export interface LinkEvents {
  /** Connected, let in, and the subscriptions are the server's. */
  up(info: ServerInfo): void;
  message(sid: number, from: number, payload: Uint8Array): void;
  /** Once, and the last: a TributaryError where another try would end alike. */
  down(reason: Error): void;
}

/** Unanswered so often, with nothing else heard, the connection is dead. */
const longestSilence = 3;

/** One connection to one server, from the first packet to its end. */
export class NatsLink {
  readonly #server: ServerAddress;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #reader: MessageReader;
  #socket: Socket;
  #queue: SendQueue | null = null;
  #phase: 'dialling' | 'securing' | 'asking' | 'up' | 'down' = 'dialling';
  #info: ServerInfo | null = null;
  /** What waits for the PONGs to come, in their order. */
  #pongs: ((() => void) | null)[] = [];
  readonly #deadline: NodeJS.Timeout;
  #heartbeat: NodeJS.Timeout | null = null;
  #bytesReceived = 0;

  constructor(server: ServerAddress, options: LinkOptions, events: LinkEvents) {
    this.#server = server;
    this.#options = options;
    this.#events = events;
    this.#reader = this.#newReader();
    this.#deadline = setTimeout(
      () => this.end(new Error(`the NATS server ${server.text} does not answer within ${options.connectTimeoutMs} ms`)),
      options.connectTimeoutMs,
    );
    this.#socket = connectSocket({
      host: server.host,
      port: server.port,
      noDelay: true,
      onread: {
        buffer: () => this.#reader.room(),
        callback: (bytes) => {
          this.#take(bytes);
          return true;
        },
      },
    });
    this.#watch(this.#socket);
    if (options.access.tls?.handshakeFirst === true) this.#socket.once('connect', () => void this.#secure());
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#queue?.queuedBytes ?? 0;
  }

  /** Sends, or drops where the link is not up. @param line `PUB <subject> ` */
  publish(line: Uint8Array, head: Uint8Array, body: Uint8Array | undefined): void {
    if (this.#phase === 'up') this.#queue?.message(line, head, body);
  }

  /** Resolves once the server has had all that was published, or the link is down. */
  async flush(): Promise<void> {
    await this.#queue?.drained();
    if (this.#phase === 'up') await new Promise<void>((resolve) => this.#ping(resolve));
  }

  end(reason: Error): void {
    if (this.#phase === 'down') return;
    this.#phase = 'down';
    clearTimeout(this.#deadline);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#reader.stop();
    this.#socket.destroy();
    this.#queue?.close();
    const pongs = this.#pongs;
    this.#pongs = [];
    for (const resolve of pongs) resolve?.();
    this.#events.down(reason);
  }

  #newReader(): MessageReader {
    const events = {
      message: (sid: number, from: number, payload: Uint8Array): void => this.#events.message(sid, from, payload),
      ping: (): void => this.#queue?.control('PONG\r\n'),
      pong: (): void => this.#pong(),
      info: (json: string): void => this.#onInfo(json),
      error: (text: string): void => this.end(serverError(text, this.#server.text)),
    };
    return new MessageReader(events, { buffer: this.#options.buffer });
  }

  #watch(socket: Socket): void {
    const { text } = this.#server;
    socket.on('error', (error) => {
      // In TLS 1.3 the server refuses a client's certificate only after the handshake.
      const beforeUp = this.#phase === 'securing' || this.#phase === 'asking';
      const untrusted = (socket as Partial<TLSSocket>).authorizationError != null;
      this.end(beforeUp ? tlsError(error, untrusted, text) : error);
    });
    socket.on('close', () => this.end(new Error(`the NATS server ${text} closed the connection`)));
  }

  #take(bytes: number): void {
    this.#bytesReceived += bytes;
    try {
      // Whoever sends them, they are not the server's.
      if (this.#phase === 'securing') throw new NatsProtocolError('bytes in the clear where TLS begins');
      this.#reader.advance(bytes);
    } catch (error) {
      if (!(error instanceof NatsProtocolError)) throw error;
      this.end(error);
    }
  }

  #onInfo(json: string): void {
    const first = this.#info === null;
    this.#info = serverInfo(json);
    this.#reader.maxPayloadBytes = this.#info.max_payload;
    if (!first) return;
    const { tls } = this.#options.access;
    const offered = this.#info.tls_required === true || this.#info.tls_available === true;
    const required = this.#info.tls_required === true;
    const wanted = this.#server.secure || (tls !== undefined && tls !== null);
    if (this.#phase === 'asking') this.#ask();
    else if (required && tls === null) this.#refuse('requires TLS, which the option tls: null excludes');
    else if (wanted && !offered) this.#refuse('has no TLS, which the options require; give it a certificate');
    else if (offered && tls !== null) void this.#secure();
    else this.#ask();
  }

  #refuse(what: string): void {
    this.end(new TributaryError('PREREQUISITE_MISSING', `The NATS server ${this.#server.text} ${what}.`));
  }

  /** Goes on in TLS, before or after INFO. */
  async #secure(): Promise<void> {
    this.#phase = 'securing';
    // What came in the clear behind INFO, from whomever, is not of the server.
    this.#reader.stop();
    try {
      const options = await tlsOptions(this.#options.access.tls, this.#server);
      if (this.#phase !== 'securing') return;
      const plain = this.#socket;
      const secured = connectTls({ ...options, socket: plain });
      this.#socket = secured;
      this.#reader = this.#newReader();
      this.#reader.maxPayloadBytes = this.#info?.max_payload ?? this.#reader.maxPayloadBytes;
      this.#watch(secured);
      secured.once('secureConnect', () => {
        this.#phase = 'asking';
        if (this.#info !== null) this.#ask();
      });
      // Node reads into a buffer of ours only where it opens the socket itself.
      secured.on('data', (chunk: Buffer) => this.#copyIn(chunk));
    } catch (error) {
      this.end(unusable('TLS options', this.#server.text, error));
    }
  }

  #copyIn(chunk: Buffer): void {
    for (let at = 0; at < chunk.byteLength && this.#phase !== 'down'; ) {
      const room = this.#reader.room();
      const part = chunk.subarray(at, at + room.byteLength);
      room.set(part);
      at += part.byteLength;
      this.#take(part.byteLength);
    }
  }

  /** Says who this is and what it subscribes to; the PONG behind all says that it was let in. */
  #ask(): void {
    this.#phase = 'asking';
    const { access, name, subscriptions } = this.#options;
    let answers: Record<string, unknown>;
    try {
      answers = credentials(access, this.#info?.nonce);
    } catch (error) {
      this.end(unusable('credentials', this.#server.text, error));
      return;
    }
    const shown = {
      verbose: false,
      pedantic: false,
      tls_required: 'encrypted' in this.#socket,
      lang: 'tributary',
      version: '1',
      protocol: 1,
      // No broadcast comes back.
      echo: false,
      name,
      ...answers,
    };
    this.#queue = new SendQueue(this.#socket);
    const subscribe = subscriptions.map((subject, at) => `SUB ${subject} ${at + 1}\r\n`);
    this.#queue.control(`CONNECT ${JSON.stringify(shown)}\r\n${subscribe.join('')}`);
    this.#ping(() => this.#onUp());
  }

  #onUp(): void {
    if (this.#phase !== 'asking') return;
    this.#phase = 'up';
    clearTimeout(this.#deadline);
    this.#heartbeat = this.#startHeartbeat();
    this.#events.up(this.#info as ServerInfo);
  }

  #startHeartbeat(): NodeJS.Timeout {
    let silent = 0;
    let received = this.#bytesReceived;
    let sent = 0;
    let waiting = false;
    return setInterval(() => {
      const queue = this.#queue as SendQueue;
      // Also a slow link is alive that takes what waited for it; a dead one takes only what its buffer still holds.
      const alive = this.#bytesReceived !== received || (waiting && queue.sentBytes !== sent);
      silent = alive ? 0 : silent + 1;
      if (silent > longestSilence) {
        this.end(new Error(`the NATS server ${this.#server.text} is silent`));
        return;
      }
      received = this.#bytesReceived;
      sent = queue.sentBytes;
      waiting = queue.queuedBytes > 0;
      this.#ping(null);
    }, this.#options.pingIntervalMs);
  }

  #ping(then: (() => void) | null): void {
    this.#pongs.push(then);
    this.#queue?.control('PING\r\n');
  }

  #pong(): void {
    if (this.#pongs.length === 0) throw new NatsProtocolError('PONG without a PING');
    this.#pongs.shift()?.();
  }
}

function serverInfo(json: string): ServerInfo {
  try {
    const info = JSON.parse(json) as ServerInfo;
    if (Number.isSafeInteger(info.max_payload) && info.max_payload > 0) return info;
  } catch {
    // Told below.
  }
  throw new NatsProtocolError('INFO that cannot be read');
}

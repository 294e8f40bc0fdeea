import { type NatsAccess, NatsSocket, type NatsSocketState } from './nats-socket/index.js';
import type { Transport } from './transport.js';

export interface NatsTransportOptions extends NatsAccess {
  /** Subject prefix of one generation (`natsNames(…).exchange(run, attempt, generation)`): it fences every message. */
  readonly subject: string;
  readonly self: number;
  readonly size: number;
  /** By which the server's monitoring names this client. */
  readonly name?: string;
  /** Of 128 KiB at least, into which messages are read: also on shared memory. */
  readonly buffer?: Uint8Array;
  /** Ends the waiting for a server. */
  readonly signal?: AbortSignal;
  /** The connection's comings and goings. After `refused` nothing is sent or received any more. */
  readonly onState?: (state: NatsSocketState) => void;
  /** A server that was silent for four of these is given up for another connection; 2 s where it is not given. */
  readonly pingIntervalMs?: number;
}

export interface NatsTransport extends Transport {
  /** Bytes that were sent and that the kernel has not taken yet. */
  readonly queuedBytes: number;
}

class SocketTransport implements NatsTransport {
  readonly self: number;
  readonly size: number;
  readonly maxPayloadBytes: number;
  readonly #socket: NatsSocket;
  readonly #toLines: readonly Uint8Array[];
  readonly #allLine: Uint8Array;
  readonly #inlet: Inlet;

  constructor({ subject, self, size }: NatsTransportOptions, socket: NatsSocket, inlet: Inlet) {
    this.self = self;
    this.size = size;
    this.maxPayloadBytes = socket.maxPayloadBytes;
    this.#socket = socket;
    this.#inlet = inlet;
    this.#toLines = Array.from({ length: size }, (_, to) => Buffer.from(`PUB ${subject}.to.${to}.${self} `));
    this.#allLine = Buffer.from(`PUB ${subject}.all.${self} `);
  }

  get queuedBytes(): number {
    return this.#socket.queuedBytes;
  }

  send(to: number, head: Uint8Array, body?: Uint8Array): void {
    const line = this.#toLines[to];
    if (line === undefined || to === this.self) throw new RangeError(`member ${this.self} cannot send to ${to}`);
    this.#publish(line, head, body);
  }

  broadcast(head: Uint8Array, body?: Uint8Array): void {
    if (this.size > 1) this.#publish(this.#allLine, head, body);
  }

  onMessage(handler: (from: number, payload: Uint8Array) => void): void {
    this.#inlet.handler = handler;
  }

  async close(): Promise<void> {
    this.#inlet.handler = null;
    await this.#socket.close();
  }

  #publish(line: Uint8Array, head: Uint8Array, body: Uint8Array | undefined): void {
    const bytes = head.byteLength + (body?.byteLength ?? 0);
    if (bytes > this.maxPayloadBytes)
      throw new RangeError(`a payload of ${bytes} bytes exceeds ${this.maxPayloadBytes}`);
    this.#socket.publish(line, head, body);
  }
}

/** Where messages go: none before there is a handler, and none after the close. */
interface Inlet {
  handler: ((from: number, payload: Uint8Array) => void) | null;
}

/**
 * Core NATS as a transport, on a connection of its own: `<subject>.to.<member>.<from>` and `<subject>.all.<from>`. Resolves
 * once a server has the subscriptions, however long it is away; then reconnects for ever.
 *
 * @throws TributaryError `UNAUTHORIZED` or `PREREQUISITE_MISSING` where the servers refuse this client, the signal's reason
 */
export async function natsTransport(options: NatsTransportOptions): Promise<NatsTransport> {
  const { subject, self, size, name = 'tributary exchange', signal, buffer, onState, pingIntervalMs } = options;
  const { servers, user, pass, token, authenticator, tls } = options;
  const inlet: Inlet = { handler: null };
  const socket = new NatsSocket({
    access: { servers, user, pass, token, authenticator, tls },
    name,
    // Two subscriptions, whatever the size: the sender is the subject's last token.
    subscriptions: [`${subject}.to.${self}.*`, `${subject}.all.*`],
    buffer,
    pingIntervalMs,
    onState,
    onMessage: (_, from, payload) => {
      if (from >= 0 && from < size && from !== self) inlet.handler?.(from, payload);
    },
  });
  await socket.open(signal);
  return new SocketTransport(options, socket, inlet);
}

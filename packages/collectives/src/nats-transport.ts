import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { TributaryError } from '@tributary/protocol';
import type { Transport } from './transport.js';

export interface NatsTransportOptions {
  readonly connection: NatsConnection;
  /** Subject prefix of one generation (`natsNames(…).exchange(run, attempt, generation)`): it fences every message. */
  readonly subject: string;
  readonly self: number;
  readonly size: number;
}

class NatsTransport implements Transport {
  readonly self: number;
  readonly size: number;
  readonly maxPayloadBytes: number;
  readonly #connection: NatsConnection;
  readonly #toSubjects: readonly string[];
  readonly #allSubject: string;
  readonly #subscriptions: readonly Subscription[];
  #handler: ((from: number, payload: Uint8Array) => void) | null = null;

  constructor({ connection, subject, self, size }: NatsTransportOptions, maxPayloadBytes: number) {
    this.self = self;
    this.size = size;
    this.maxPayloadBytes = maxPayloadBytes;
    this.#connection = connection;
    this.#toSubjects = Array.from({ length: size }, (_, to) => `${subject}.to.${to}.${self}`);
    this.#allSubject = `${subject}.all.${self}`;
    // The sender is the subject's last token. One subscription for each other member, so that no broadcast comes back.
    const subscriptions: Subscription[] = [];
    for (let from = 0; from < size; from++) {
      if (from === self) continue;
      for (const name of [`${subject}.to.${self}.${from}`, `${subject}.all.${from}`]) {
        const callback = (error: Error | null, message: { readonly data: Uint8Array }): void => {
          if (error === null) this.#handler?.(from, message.data);
        };
        subscriptions.push(connection.subscribe(name, { callback }));
      }
    }
    this.#subscriptions = subscriptions;
  }

  send(to: number, head: Uint8Array, body?: Uint8Array): void {
    const subject = this.#toSubjects[to];
    if (subject === undefined || to === this.self) throw new RangeError(`member ${this.self} cannot send to ${to}`);
    this.#publish(subject, head, body);
  }

  broadcast(head: Uint8Array, body?: Uint8Array): void {
    if (this.size > 1) this.#publish(this.#allSubject, head, body);
  }

  onMessage(handler: (from: number, payload: Uint8Array) => void): void {
    this.#handler = handler;
  }

  async close(): Promise<void> {
    this.#handler = null;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    // What was sent just before goes out; a lost connection is no reason to wait.
    if (!this.#connection.isClosed()) await this.#connection.flush().catch(() => undefined);
  }

  #publish(subject: string, head: Uint8Array, body: Uint8Array | undefined): void {
    const payload = body === undefined ? head : Buffer.concat([head, body]);
    if (payload.byteLength > this.maxPayloadBytes)
      throw new RangeError(`a payload of ${payload.byteLength} bytes exceeds ${this.maxPayloadBytes}`);
    // A closed connection loses messages, as any datagram may be lost; its owner watches `closed()`.
    if (!this.#connection.isClosed() && !this.#connection.isDraining()) this.#connection.publish(subject, payload);
  }
}

/**
 * Core NATS as a transport: `<subject>.to.<member>.<from>` and `<subject>.all.<from>`. Resolves once the server has the
 * subscriptions. The connection stays the caller's: `close` only ends the subscriptions.
 *
 * @throws TributaryError `STACK_DOWN` where the connection has never reached a server.
 */
export async function natsTransport(options: NatsTransportOptions): Promise<Transport> {
  const maxPayloadBytes = options.connection.info?.max_payload;
  if (maxPayloadBytes === undefined)
    throw new TributaryError(
      'STACK_DOWN',
      'The NATS connection has not reached a server; connect it before the exchange.',
    );
  const transport = new NatsTransport(options, maxPayloadBytes);
  await options.connection.flush();
  return transport;
}

import { randomUUID } from 'node:crypto';
import { type OwnNatsServer, ownNatsServer } from '@tributary/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type NatsTransport, type NatsTransportOptions, natsTransport } from '../nats-transport.js';
import { NatsSocket, type NatsSocketState } from './nats-socket.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(configuration: Readonly<Record<string, unknown>> = {}): Promise<OwnNatsServer> {
  const own = await ownNatsServer(() => configuration);
  cleanups.push(() => own.remove());
  await own.start();
  return own;
}

/** Keeps what happened, and lets a test wait for it. */
class Log<T> {
  readonly entries: T[] = [];
  #wake: (() => void) | null = null;

  readonly add = (entry: T): void => {
    this.entries.push(entry);
    this.#wake?.();
  };

  /** Resolves once an entry from the place `from` on fits. */
  async until(fits: (entry: T) => boolean, from = 0): Promise<T> {
    for (;;) {
      const found = this.entries.slice(from).find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

interface Member {
  readonly transport: NatsTransport;
  readonly states: Log<NatsSocketState>;
  readonly received: Log<string>;
}

async function member(options: Omit<NatsTransportOptions, 'onState'>): Promise<Member> {
  const states = new Log<NatsSocketState>();
  const received = new Log<string>();
  const transport = await natsTransport({ ...options, onState: states.add });
  cleanups.push(() => transport.close());
  transport.onMessage((from, payload) => received.add(`${from}: ${Buffer.from(payload).toString().slice(0, 100)}`));
  return { transport, states, received };
}

const is =
  (kind: NatsSocketState['kind']) =>
  (state: NatsSocketState): boolean =>
    state.kind === kind;

const bytes = (text: string): Uint8Array => Buffer.from(text);
const newSubject = (): string => `test.${randomUUID()}`;

describe('the connection of a NATS transport', () => {
  it('waits for a server that is away at first', async () => {
    const own = await server();
    await own.stop();
    const states = new Log<NatsSocketState>();
    const opening = natsTransport({
      servers: own.address,
      subject: newSubject(),
      self: 0,
      size: 2,
      onState: states.add,
    });
    await states.until(is('disconnected'));
    await own.start();
    await (await opening).close();
    expect(states.entries.at(-1)).toEqual({ kind: 'connected', server: own.address });
  });

  it('gives up the waiting when it is told to', async () => {
    const own = await server();
    await own.stop();
    const gaveUp = new AbortController();
    const opening = natsTransport({
      servers: own.address,
      subject: newSubject(),
      self: 0,
      size: 2,
      signal: gaveUp.signal,
      onState: () => gaveUp.abort(new Error('enough')),
    });
    await expect(opening).rejects.toThrow('enough');
  });

  it('loses messages while the server is away, then goes on', async () => {
    const own = await server();
    const options = { servers: own.address, subject: newSubject(), size: 2 };
    const [first, second] = await Promise.all([member({ ...options, self: 0 }), member({ ...options, self: 1 })]);
    first.transport.send(1, bytes('before'));
    await second.received.until((text) => text === '0: before');
    await own.stop();
    await Promise.all([first.states.until(is('disconnected')), second.states.until(is('disconnected'))]);
    first.transport.send(1, bytes('lost'));
    expect(first.transport.queuedBytes).toBe(0);
    await own.start();
    await Promise.all([first.states.until(is('connected'), 2), second.states.until(is('connected'), 2)]);
    first.transport.send(1, bytes('after'));
    second.transport.broadcast(bytes('answer'));
    await second.received.until((text) => text === '0: after');
    await first.received.until((text) => text === '1: answer');
    expect(second.received.entries).toEqual(['0: before', '0: after']);
  });

  it('goes to the next server when one is away, at first and later', async () => {
    const [one, other] = await Promise.all([server(), server()]);
    await one.stop();
    const servers = [one.address, other.address];
    const only = await member({ servers, subject: newSubject(), self: 0, size: 2 });
    expect(only.states.entries.at(-1)).toEqual({ kind: 'connected', server: other.address });
    await one.start();
    await other.stop();
    await only.states.until((state) => state.kind === 'connected' && state.server === one.address);
  });

  it('gives up a server that is silent, and goes on when it answers again', async () => {
    const own = await server();
    const subject = newSubject();
    const only = await member({ servers: own.address, subject, self: 0, size: 2, pingIntervalMs: 100 });
    process.kill(own.pid as number, 'SIGSTOP');
    const at = only.states.entries.length;
    await only.states.until((state) => state.kind === 'disconnected' && state.reason.includes('silent'));
    process.kill(own.pid as number, 'SIGCONT');
    await only.states.until(is('connected'), at);
  });

  it('counts what waits to be sent, and sends it before it closes', async () => {
    const own = await server();
    const options = { servers: own.address, subject: newSubject(), size: 2 };
    const [first, second] = await Promise.all([member({ ...options, self: 0 }), member({ ...options, self: 1 })]);
    process.kill(own.pid as number, 'SIGSTOP');
    const body = new Uint8Array(512 * 1024);
    for (let i = 0; i < 40; i++) first.transport.send(1, bytes(`${i} `), body);
    expect(first.transport.queuedBytes).toBeGreaterThan(40 * body.byteLength);
    for (let i = 0; i < 2_000; i++) first.transport.send(1, bytes(`${40 + i} `), body.subarray(0, 2_000));
    process.kill(own.pid as number, 'SIGCONT');
    first.transport.send(1, bytes('last'));
    await first.transport.close();
    expect(first.transport.queuedBytes).toBe(0);
    await second.received.until((text) => text === '0: last');
    const order = second.received.entries.slice(0, -1).map((text) => Number.parseInt(text.slice(3), 10));
    expect(order).toEqual(Array.from({ length: 2_040 }, (_, at) => at));
  });

  it('drops messages whose subject names no member', async () => {
    const own = await server();
    const subject = newSubject();
    const { received, transport } = await member({ servers: own.address, subject, self: 1, size: 2 });
    const line = (last: string): Uint8Array => bytes(`PUB ${subject}.to.1.${last} `);
    const other = new NatsSocket({
      access: { servers: own.address },
      name: 'test',
      subscriptions: [],
      onMessage: () => undefined,
    });
    await other.open();
    for (const last of ['1', '2', 'x', '-0', '00000000000', '0']) other.publish(line(last), bytes('text'));
    await other.close();
    await received.until((text) => text === '0: text');
    expect(received.entries).toEqual(['0: text']);
    expect(transport.maxPayloadBytes).toBe(1024 * 1024);
  });

  it('is dropped by the server for a payload that is too long, and comes back', async () => {
    const own = await server({ max_payload: 1_000 });
    const states = new Log<NatsSocketState>();
    const socket = new NatsSocket({
      access: { servers: own.address },
      name: 'test',
      subscriptions: [],
      onMessage: () => undefined,
      onState: states.add,
    });
    await socket.open();
    cleanups.push(() => socket.close());
    socket.publish(bytes('PUB a '), new Uint8Array(1_001));
    expect(await states.until(is('disconnected'))).toMatchObject({ reason: expect.stringMatching(/Payload/) });
    await states.until(is('connected'), 2);
  });
});

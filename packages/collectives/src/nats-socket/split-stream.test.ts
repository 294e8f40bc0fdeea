import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type RandomStream, randomStream } from '@tributary/random';
import { type OwnNatsServer, ownNatsServer, transportCompliance } from '@tributary/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { natsTransport } from '../nats-transport.js';
import type { Transport } from '../transport.js';
import { vectorMemory } from '../vector-memory.js';

/** Writes what comes in pieces of random lengths, one a turn of the event loop. */
class Splitter {
  readonly #target: Socket;
  readonly #draws: RandomStream;
  #pending: Buffer[] = [];
  #running = false;

  constructor(target: Socket, draws: RandomStream) {
    this.#target = target;
    this.#draws = draws;
  }

  push(chunk: Buffer): void {
    this.#pending.push(chunk);
    if (!this.#running) this.#next();
  }

  #next(): void {
    const chunk = this.#pending.shift();
    this.#running = chunk !== undefined && !this.#target.destroyed;
    if (chunk === undefined || !this.#running) return;
    const bytes = Math.ceil(2 ** (this.#draws.uniform() * 15) / 4);
    this.#target.write(chunk.subarray(0, bytes));
    if (chunk.length > bytes) this.#pending.unshift(chunk.subarray(bytes));
    setImmediate(() => this.#next());
  }
}

let server: OwnNatsServer;
let proxy: Server;
let connections = 0;
const sockets = new Set<Socket>();

beforeAll(async () => {
  server = await ownNatsServer(() => ({ max_payload: 512 * 1024 }));
  await server.start();
  proxy = createServer({ noDelay: true }, (client) => {
    const behind = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, behind],
      [behind, client],
    ] as const) {
      const splitter = new Splitter(to, randomStream(connections++, 'pieces'));
      sockets.add(from);
      from.on('data', (chunk) => splitter.push(chunk));
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  proxy.close();
  await server.remove();
});

const bufferBytes = 128 * 1024;

/** Through the proxy, into a buffer on the vectors' own memory, so short that payloads outgrow it. */
async function open(size: number): Promise<Transport[]> {
  const subject = `test.${randomUUID()}`;
  const servers = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const memory = vectorMemory(size * bufferBytes);
  return Promise.all(
    Array.from({ length: size }, (_, self) => {
      const buffer = memory.bytes(bufferBytes);
      return natsTransport({ servers, subject, self, size, buffer });
    }),
  );
}

describe('NATS transport over a stream in random pieces', () => {
  for (const one of transportCompliance(open)) it(one.name, one.run);
});

import { randomUUID } from 'node:crypto';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { exchangeCompliance, faultyNetwork, testServers, transportCompliance } from '@tributary/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { ExchangeOptions } from './exchange-options.js';
import { GradientExchange } from './gradient-exchange.js';
import { natsTransport } from './nats-transport.js';
import type { Transport } from './transport.js';

const create = (options: ExchangeOptions, transport: Transport): GradientExchange =>
  new GradientExchange(options, { transport });

const connections: NatsConnection[] = [];

/** Each member has a connection of its own, as in a run. */
async function open(size: number): Promise<Transport[]> {
  const subject = `tributary.test.exchange.${randomUUID()}.1.1`;
  return Promise.all(
    connections.slice(0, size).map((connection, self) => natsTransport({ connection, subject, self, size })),
  );
}

beforeAll(async () => {
  const { natsUrl, natsUser, natsPassword } = await testServers();
  for (let member = 0; member < 5; member++)
    connections.push(await connect({ servers: natsUrl, user: natsUser, pass: natsPassword }));
});

afterAll(async () => {
  for (const connection of connections) await connection.close();
});

describe('NATS transport', () => {
  for (const one of transportCompliance(open)) it(one.name, one.run);
});

describe('exchange over NATS', () => {
  for (const one of exchangeCompliance({ open, create })) it(one.name, one.run);
});

describe('exchange over NATS with losses', () => {
  const faults = { seed: 11, drop: 0.1, duplicate: 0.1, delay: 0.2, longestDelayMs: 20 };
  const lossy = async (size: number) => faultyNetwork(await open(size), faults);
  for (const one of exchangeCompliance({ open: lossy, create })) it(one.name, one.run);
});

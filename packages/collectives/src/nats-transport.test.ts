import { randomUUID } from 'node:crypto';
import { credsAuthenticator, nkeyAuthenticator, usernamePasswordAuthenticator } from '@nats-io/transport-node';
import {
  exchangeCompliance,
  faultyNetwork,
  natsKey,
  natsOperator,
  type OwnNatsServer,
  ownNatsServer,
  testCertificates,
  testServers,
  transportCompliance,
} from '@tributary/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { ExchangeOptions } from './exchange-options.js';
import { GradientExchange } from './gradient-exchange.js';
import type { NatsAccess } from './nats-socket/index.js';
import { natsTransport } from './nats-transport.js';
import type { Transport } from './transport.js';

const create = (options: ExchangeOptions, transport: Transport): GradientExchange =>
  new GradientExchange(options, { transport });

const network =
  (access: () => NatsAccess) =>
  (size: number): Promise<Transport[]> => {
    const subject = `tributary.test.exchange.${randomUUID()}.1.1`;
    return Promise.all(Array.from({ length: size }, (_, self) => natsTransport({ ...access(), subject, self, size })));
  };

describe('with the test servers', () => {
  let access: NatsAccess;
  const open = network(() => access);

  beforeAll(async () => {
    const { natsUrl, natsUser, natsPassword } = await testServers();
    access = { servers: natsUrl, user: natsUser, pass: natsPassword };
  });

  describe('NATS transport with user and password', () => {
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
});

/** A way to be let in: what the server is configured with, and what the client gives. */
interface Entry {
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly access: Omit<NatsAccess, 'servers'>;
}

const operator = natsOperator();
const key = natsKey();
const certificates = await testCertificates();
const files = {
  'ca.pem': certificates.authority,
  'server.pem': certificates.server.certificate,
  'server.key': certificates.server.key,
};
const tls = { cert_file: 'server.pem', key_file: 'server.key', ca_file: 'ca.pem' };
const ca = certificates.authority;
const { certificate: cert, key: certKey } = certificates.client;

const entries: Record<string, Entry> = {
  'no authentication': { access: {} },
  'a token': { configuration: { authorization: { token: 'secret' } }, access: { token: 'secret' } },
  'an nkey': {
    configuration: { authorization: { users: [{ nkey: key.publicKey }] } },
    access: { authenticator: nkeyAuthenticator(key.seed) },
  },
  'a credentials file': {
    configuration: operator.configuration,
    access: { authenticator: [credsAuthenticator(operator.creds)] },
  },
  'TLS, user and password': {
    configuration: { tls, authorization: { user: 'u', password: 'p' } },
    access: { tls: { ca }, authenticator: usernamePasswordAuthenticator('u', 'p') },
  },
  'TLS with client certificates and a credentials file': {
    configuration: { ...operator.configuration, tls: { ...tls, verify: true } },
    access: { tls: { ca, cert, key: certKey }, authenticator: credsAuthenticator(operator.creds) },
  },
  'TLS before INFO': {
    configuration: { tls: { ...tls, handshake_first: true } },
    access: { tls: { ca, handshakeFirst: true } },
  },
};

for (const [name, { configuration = {}, access }] of Object.entries(entries)) {
  describe(`NATS transport with ${name}`, () => {
    let server: OwnNatsServer;

    beforeAll(async () => {
      const inFolder = (folder: string) =>
        JSON.parse(JSON.stringify(configuration).replaceAll(/"(\w+\.(?:pem|key))"/g, `"${folder}/$1"`));
      server = await ownNatsServer(inFolder, { files });
      await server.start();
    });

    afterAll(() => server.remove());

    for (const one of transportCompliance(network(() => ({ servers: server.address, ...access }))))
      it(one.name, one.run);
  });
}

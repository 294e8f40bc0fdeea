import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credsAuthenticator } from '@nats-io/transport-node';
import { type OwnNatsServer, ownNatsServer, testCertificates } from '@tributary/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type NatsTransportOptions, natsTransport } from '../nats-transport.js';
import type { NatsAccess } from './nats-access.js';
import type { NatsSocketState } from './nats-socket.js';

const certificates = await testCertificates();
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(
  configuration: Readonly<Record<string, unknown>>,
  tls?: Readonly<Record<string, unknown>>,
  { certificate, key } = certificates.server,
): Promise<OwnNatsServer> {
  const inFolder = (folder: string) => {
    const paths = { cert_file: `${folder}/server.pem`, key_file: `${folder}/server.key`, ca_file: `${folder}/ca.pem` };
    return tls === undefined ? configuration : { ...configuration, tls: { ...paths, ...tls } };
  };
  const files = { 'ca.pem': certificates.authority, 'server.pem': certificate, 'server.key': key };
  const own = await ownNatsServer(inFolder, { files });
  cleanups.push(() => own.remove());
  await own.start();
  return own;
}

const subject = `test.${randomUUID()}`;

async function open(access: NatsAccess, options: Partial<NatsTransportOptions> = {}) {
  const transport = await natsTransport({ ...access, subject, self: 0, size: 2, ...options });
  cleanups.push(() => transport.close());
  return transport;
}

const refused = (code: string, ...parts: string[]) =>
  expect.objectContaining({ name: 'TributaryError', code, message: expect.stringMatching(parts.join('.*')) });

/** Resolves with the error of a connection that was given up after it was open. */
function giveUp(): { onState: (state: NatsSocketState) => void; error: Promise<Error> } {
  let tell: (error: Error) => void = () => undefined;
  const error = new Promise<Error>((resolve) => {
    tell = resolve;
  });
  return { error, onState: (state) => state.kind === 'refused' && tell(state.error) };
}

describe('a server that refuses', () => {
  it('a password, a token or none', async () => {
    const own = await server({ authorization: { user: 'u', password: 'p' } });
    for (const shown of [{ user: 'u', pass: 'wrong' }, { token: 'p' }, {}])
      await expect(open({ servers: own.address, ...shown })).rejects.toEqual(
        refused('UNAUTHORIZED', own.address, 'Authorization Violation'),
      );
    await expect(open({ servers: own.address, user: 'u', pass: 'p' })).resolves.toBeDefined();
  });

  it('credentials that are none', async () => {
    const own = await server({});
    await expect(
      open({ servers: own.address, authenticator: credsAuthenticator(Buffer.from('no credentials')) }),
    ).rejects.toEqual(refused('PREREQUISITE_MISSING', 'credentials', 'unable to parse'));
  });

  it('is passed over where another one does not', async () => {
    const one = await server({ authorization: { user: 'u', password: 'old' } });
    const other = await server({ authorization: { user: 'u', password: 'p' } });
    await open({ servers: [one.address, other.address], user: 'u', pass: 'p' });
  });

  it('is given up also later', async () => {
    const one = await server({ authorization: { user: 'u', password: 'p' } });
    const other = await server({ authorization: { user: 'u', password: 'new' } });
    const { onState, error } = giveUp();
    await open({ servers: [one.address, other.address], user: 'u', pass: 'p' }, { onState });
    await one.stop();
    expect(await error).toEqual(refused('UNAUTHORIZED', other.address));
  });

  it('a subscription that the user may not have', async () => {
    const permissions = { publish: `${subject}.>`, subscribe: `${subject}.to.>` };
    const own = await server({ authorization: { users: [{ user: 'u', password: 'p', permissions }] } });
    await expect(open({ servers: own.address, user: 'u', pass: 'p' })).rejects.toEqual(
      refused('UNAUTHORIZED', 'subscribe to', `${subject}.all.*`.replaceAll('.', '\\.').replace('*', '\\*')),
    );
  });

  it('a message that the user may not publish', async () => {
    const permissions = { publish: `${subject}.all.>`, subscribe: `${subject}.>` };
    const own = await server({ authorization: { users: [{ user: 'u', password: 'p', permissions }] } });
    const { onState, error } = giveUp();
    const transport = await open({ servers: own.address, user: 'u', pass: 'p' }, { onState });
    transport.broadcast(Buffer.from('allowed'));
    transport.send(1, Buffer.from('forbidden'));
    expect(await error).toEqual(refused('UNAUTHORIZED', 'publish to', `${subject}.to.1.0`));
  });

  it('payloads as long as the server before took them', async () => {
    const one = await server({ max_payload: 10_000 });
    const other = await server({ max_payload: 9_999 });
    const { onState, error } = giveUp();
    await open({ servers: [one.address, other.address] }, { onState });
    await one.stop();
    expect(await error).toEqual(refused('PREREQUISITE_MISSING', '9999 bytes', '10000'));
  });
});

describe('TLS', () => {
  const ca = certificates.authority;

  it('refuses a server whose certificate is not trusted, or of another name', async () => {
    const own = await server({}, {});
    await expect(open({ servers: own.address })).rejects.toEqual(refused('UNAUTHORIZED', 'not trusted', 'tls.caFile'));
    await expect(open({ servers: own.address, tls: { ca: certificates.client.certificate } })).rejects.toEqual(
      refused('UNAUTHORIZED', 'not trusted'),
    );
    const stranger = await server({}, {}, certificates.stranger);
    await expect(open({ servers: stranger.address, tls: { ca } })).rejects.toEqual(
      refused('UNAUTHORIZED', 'not trusted', '127.0.0.1'),
    );
    await open({ servers: own.address, tls: { rejectUnauthorized: false } });
    await open({ servers: `tls://localhost:${own.port}`, tls: { ca } });
  });

  it('reads its parts from files, and says which one is missing', async () => {
    const own = await server({}, { verify: true });
    const folder = await mkdtemp(join(tmpdir(), 'tributary-tls-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const file = async (name: string, content: string): Promise<string> => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const tls = {
      caFile: await file('ca.pem', ca),
      certFile: await file('client.pem', certificates.client.certificate),
      keyFile: await file('client.key', certificates.client.key),
    };
    await open({ servers: own.address, tls });
    await expect(open({ servers: own.address, tls: { ...tls, keyFile: join(folder, 'none') } })).rejects.toEqual(
      refused('PREREQUISITE_MISSING', 'tls.keyFile', 'none'),
    );
    const noKey = { ...tls, keyFile: await file('no.key', 'no key') };
    await expect(open({ servers: own.address, tls: noKey })).rejects.toEqual(
      refused('PREREQUISITE_MISSING', 'TLS options', own.address),
    );
    await expect(open({ servers: own.address, tls: { caFile: tls.caFile } })).rejects.toEqual(
      refused('UNAUTHORIZED', 'refuses the TLS handshake', 'tls.certFile'),
    );
  });

  it('is used where it must be, and refused where one side alone wants it', async () => {
    const [plain, secured] = await Promise.all([server({}), server({}, {})]);
    await expect(open({ servers: secured.address, tls: null })).rejects.toEqual(
      refused('PREREQUISITE_MISSING', 'requires TLS'),
    );
    for (const access of [{ servers: plain.address, tls: { ca } }, { servers: `tls://${plain.address}` }])
      await expect(open(access)).rejects.toEqual(refused('PREREQUISITE_MISSING', 'has no TLS'));
  });
});

describe('the address of a server', () => {
  it('is a host and a port, with or without a scheme', async () => {
    const own = await server({});
    await open({ servers: [`nats://${own.address}`] });
    await open({ servers: `localhost:${own.port}` });
    for (const wrong of ['', 'http://', 'nats://user:secret@host:1', '127.0.0.1:99999']) {
      const error = await open({ servers: wrong }).catch((reason: unknown) => reason);
      expect(error).toEqual(refused('PREREQUISITE_MISSING', 'no address'));
      expect(String(error)).not.toContain('secret');
    }
    await expect(open({ servers: [] })).rejects.toEqual(refused('PREREQUISITE_MISSING', 'No NATS server'));
  });
});

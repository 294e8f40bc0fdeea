import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import { connect } from '@nats-io/transport-node';
import { directoryStore, natsStore, withCheckpointStore } from '@tributary/checkpoints';
import { provisionJetStream } from '@tributary/devstack';
import { natsNames } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { freePort, s3Server } from '@tributary/testing';
import { expect, it } from 'vitest';
import { patientStore } from './patient-store.js';

/** A server of this test's own: it is to be killed. */
function natsProgram(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folders = [join(cache, 'tributary', 'bin'), ...(process.env.PATH ?? '').split(delimiter)];
  const named = process.env.TRIBUTARY_NATS_SERVER;
  const found = named ?? folders.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('nats-server was not found; run `make setup`, which builds it');
  return found;
}

it('reads and writes across a restart of NATS, and throws what the store does not have', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-nats-'));
  const port = await freePort();
  const start = (): ChildProcess =>
    spawn(natsProgram(), ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder], { stdio: 'ignore' });
  let nats = start();
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    waitOnFirstConnect: true,
  });
  try {
    await provisionJetStream(connection, 'patience');
    let failed = (): void => {};
    const log = new Writable({
      write(_line, _encoding, done) {
        failed();
        done();
      },
    });
    const logger = createLogger({ service: 'test', level: 'warn', destination: log });
    const store = patientStore(await natsStore(connection, natsNames('patience').objectsBucket), logger, 10);
    await store.put('there', Uint8Array.of(1, 2, 3));

    const exited = once(nats, 'exit');
    nats.kill('SIGKILL');
    await exited;
    const both = new Promise<void>((resolve) => {
      let left = 2;
      failed = () => {
        left -= 1;
        if (left === 0) resolve();
      };
    });
    const reading = store.get('there');
    const writing = store.put('new', Uint8Array.of(4));
    await both;
    nats = start();
    expect(await reading).toEqual(Uint8Array.of(1, 2, 3));
    await writing;
    expect(await store.get('new')).toEqual(Uint8Array.of(4));
    await expect(store.get('nothing')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  } finally {
    await connection.close();
    nats.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

it('writes across a restart of S3, and throws what the bucket does not have', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-objects-'));
  const server = await s3Server();
  const before = { ...process.env };
  Object.assign(process.env, server.credentials);
  try {
    let failed = (): void => {};
    const away = new Promise<void>((resolve) => {
      failed = resolve;
    });
    const log = new Writable({
      write(_line, _encoding, done) {
        failed();
        done();
      },
    });
    const logger = createLogger({ service: 'test', level: 'warn', destination: log });
    const { bucket, endpoint } = server;
    const location = { kind: 's3', bucket, endpoint, prefix: '', region: 'us-east-1' } as const;
    const store = patientStore(await withCheckpointStore(directoryStore(folder), location), logger, 10);
    await server.kill();
    const written = store.put('checkpoints/there', Uint8Array.of(1, 2, 3));
    await away;
    await server.start();
    await written;
    expect(await store.get('checkpoints/there')).toEqual(Uint8Array.of(1, 2, 3));
    await expect(store.get('checkpoints/gone')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  } finally {
    process.env = before;
    await server.remove();
    await rm(folder, { recursive: true });
  }
});

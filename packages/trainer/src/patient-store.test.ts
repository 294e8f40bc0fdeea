import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import { connect } from '@nats-io/transport-node';
import { natsStore } from '@tributary/checkpoints';
import { provisionJetStream } from '@tributary/devstack';
import { natsNames } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { freePort } from '@tributary/testing';
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

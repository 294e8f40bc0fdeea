import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { connect } from '@nats-io/transport-node';
import { runFileSchema } from '@tributary/config';
import { encodeRunRecord, natsNames, type RunId } from '@tributary/protocol';
import { createRun, history, openDatabase } from '@tributary/run-store';
import { freePort, temporaryDatabase } from '@tributary/testing';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const run = 'restart-1' as RunId;
const names = natsNames('restart');
const user = { user: 'control', pass: 'secret' };

/** A server of this test's own, since the others share theirs and it is to be killed. */
function natsProgram(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folders = [join(cache, 'tributary', 'bin'), ...(process.env.PATH ?? '').split(delimiter)];
  const named = process.env.TRIBUTARY_NATS_SERVER;
  const found = named ?? folders.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('nats-server was not found; run `make setup`, which builds it');
  return found;
}

it('goes on after nats-server was killed and started again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-nats-'));
  const database = await temporaryDatabase();
  const db = openDatabase(database.url);
  const port = await freePort();
  const children: ChildProcess[] = [];
  const startNats = async (): Promise<ChildProcess> => {
    const child = spawn(natsProgram(), ['-c', join(folder, 'nats.conf')], { stdio: 'ignore' });
    children.push(child);
    return child;
  };
  await writeFile(join(folder, 'password'), user.pass);
  await writeFile(
    join(folder, 'nats.conf'),
    JSON.stringify({
      host: '127.0.0.1',
      port,
      jetstream: { store_dir: folder, sync_interval: 'always' },
      authorization: { users: [{ user: user.user, password: user.pass }] },
    }),
  );
  let nats = await startNats();
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    ...user,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    waitOnFirstConnect: true,
  });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: names.recordsStream, subjects: [names.records('*')] });
    await new Objm(jetstream(connection)).create(names.objectsBucket);
    const spec = runFileSchema.parse({
      experiment: 'restart',
      tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
      budget: { steps: 1 },
    });
    await createRun(db, { run, experiment: 'restart', spec, files: {} });
    children.push(
      spawn(process.execPath, [main], {
        env: {
          TRIBUTARY_NAMESPACE: 'restart',
          TRIBUTARY_NATS_URL: `nats://127.0.0.1:${port}`,
          TRIBUTARY_NATS_USER: user.user,
          TRIBUTARY_NATS_PASSWORD_FILE: join(folder, 'password'),
          TRIBUTARY_POSTGRES_URL: database.url,
          TRIBUTARY_RECORDER_ACK_WAIT_MS: '1000',
        },
        stdio: 'ignore',
      }),
    );
    const publish = async (first: number, last: number) => {
      for (let step = first; step <= last; step += 1) {
        const point = { subject: 'run', series: 'grad_norm', step, value: step } as const;
        const record = {
          run,
          attempt: 1,
          generation: 1,
          member: 0,
          kind: 'points',
          points: [point],
          timings: [],
          tokens: 0,
        } as const;
        await jetstream(connection).publish(names.records(run), encodeRunRecord(record), {
          timeout: 5_000,
          retries: 20,
        });
      }
    };
    const recordedTo = async (last: number) =>
      await expect
        .poll(async () => await history(db, run, 'run', 'grad_norm'), { timeout: 40_000, interval: 50 })
        .toEqual(Array.from({ length: last }, (_, index) => ({ step: index + 1, value: index + 1 })));
    await publish(1, 20);
    await recordedTo(20);
    for (const last of [40, 60]) {
      await publish(last - 19, last - 10);
      nats.kill('SIGKILL');
      await once(nats, 'exit');
      nats = await startNats();
      await publish(last - 9, last);
      await recordedTo(last);
    }
  } finally {
    await connection.close();
    for (const child of children.reverse()) child.kill('SIGKILL');
    await db.destroy();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
});

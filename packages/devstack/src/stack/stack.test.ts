import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsControlUser } from '../nats/nats-configuration.js';
import { postgresUrl } from '../postgres/postgres-unit.js';
import { forget, markedProcesses, readRecord, recordedNames, startDetached } from '../processes/detached-process.js';
import { descendants, identify, isRunning } from '../processes/process-identity.js';
import { waitFor } from '../processes/wait-for.js';
import { writeWholeFile } from '../setup/whole-file.js';
import { down, purge } from './down.js';
import { readSecret, secretFile, secretNames } from './secrets.js';
import { type StackFolders, stackFoldersIn } from './stack-folders.js';
import { diskUse, status } from './status.js';
import type { ServerName } from './units.js';
import { type RunningStack, startServers } from './up.js';

const lines: string[] = [];
const report = (line: string): void => {
  lines.push(line);
};
const servers: readonly ServerName[] = ['postgres', 'nats'];

let folders: StackFolders;
let root: string;

function start(): Promise<RunningStack> {
  return startServers(folders, { servers, report });
}

async function withDatabase<T>(stack: RunningStack, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: await postgresUrl(stack) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function connectControl(stack: RunningStack): Promise<NatsConnection> {
  const pass = await readSecret(secretFile(stack.folders, 'nats-control'));
  return connect({ servers: `127.0.0.1:${stack.document.ports.nats}`, user: natsControlUser, pass });
}

async function pidsOf(names: readonly string[]): Promise<(number | undefined)[]> {
  return Promise.all(names.map(async (name) => (await readRecord(folders, name))?.pid));
}

/** Listens on `port` as soon as it is free: another test may hold it for a moment. */
async function takePort(port: number): Promise<Server> {
  const server = await waitFor(10_000, async () => {
    const attempt = createServer();
    attempt.listen(port, '127.0.0.1');
    return once(attempt, 'listening').then(
      () => attempt,
      () => undefined,
    );
  });
  if (server === undefined) throw new Error(`port ${port} stayed taken`);
  return server;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-stack-'));
  folders = stackFoldersIn(root);
});

afterAll(async () => {
  await down({ folders, report });
  await rm(root, { recursive: true, force: true });
});

describe('a stack', () => {
  it('comes up once when two ask for it at the same moment', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(second.document).toEqual(first.document);
    expect(lines.filter((line) => line.startsWith('postgres: up'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('nats: up'))).toHaveLength(1);
    const before = await pidsOf(servers);
    await start();
    expect(await pidsOf(servers)).toEqual(before);
    expect((await status(folders)).map(({ name, health }) => [name, health])).toEqual([
      ['postgres', 'serving'],
      ['nats', 'serving'],
    ]);
  });

  it('keeps its secrets in files that only their owner can read', async () => {
    await start();
    const files = [...secretNames.map((name) => secretFile(folders, name)), join(folders.configuration, 'nats.json')];
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const folder of [folders.secrets, folders.state, folders.data])
      expect((await stat(folder)).mode & 0o077).toBe(0);
  });

  it('refuses a client without the password', async () => {
    const { document } = await start();
    const { postgres, nats } = document.ports;
    const client = new pg.Client({ connectionString: `postgres://tributary:wrong@127.0.0.1:${postgres}/tributary` });
    await expect(client.connect()).rejects.toThrow(/password authentication failed/);
    await expect(connect({ servers: `127.0.0.1:${nats}`, reconnect: false })).rejects.toThrow(/authorization/i);
  });

  it('keeps rows and streams through down and up, and down leaves no process', async () => {
    const stack = await start();
    await withDatabase(stack, async (client) => {
      await client.query('CREATE TABLE kept (value integer)');
      await client.query('INSERT INTO kept VALUES (7)');
    });
    const connection = await connectControl(stack);
    await (await jetstreamManager(connection)).streams.add({ name: 'kept', subjects: ['kept'] });
    await jetstream(connection).publish('kept', 'seven');
    await connection.drain();

    const running = (await pidsOf(servers)).filter((pid) => pid !== undefined);
    const all = running
      .flatMap((pid) => [identify(pid), ...descendants(pid)])
      .filter((identity) => identity !== undefined);
    // Postgres has children of its own.
    expect(all.length).toBeGreaterThan(servers.length + 2);
    expect(await down({ folders, report })).toBe(servers.length);
    expect(all.filter(isRunning)).toEqual([]);
    expect(markedProcesses(folders)).toEqual([]);
    expect(await recordedNames(folders)).toEqual([]);
    expect(await down({ folders, report })).toBe(0);

    const again = await start();
    expect(again.document).toEqual(stack.document);
    const rows = await withDatabase(again, async (client) => (await client.query('SELECT value FROM kept')).rows);
    expect(rows).toEqual([{ value: 7 }]);
    const second = await connectControl(again);
    const message = await (await jetstreamManager(second)).streams.getMessage('kept', { seq: 1 });
    expect(message?.string()).toBe('seven');
    await second.drain();
  });

  it('starts again what was killed, and says so until then', async () => {
    await start();
    const record = await readRecord(folders, 'nats');
    process.kill(record?.pid ?? 0, 'SIGKILL');
    const ended = await waitFor(5_000, async () => {
      const [nats] = (await status(folders)).filter(({ name }) => name === 'nats');
      return nats?.health === 'ended' ? nats : undefined;
    });
    expect(ended?.detail).toMatch(/tributary up starts it again/);
    await start();
    const [nats] = (await status(folders)).filter(({ name }) => name === 'nats');
    expect(nats?.health).toBe('serving');
    expect(nats?.pid).not.toBe(record?.pid);
  });

  it('survives a kill of Postgres, whose lock file stays behind', async () => {
    const stack = await start();
    const pid = (await readRecord(folders, 'postgres'))?.pid ?? 0;
    const children = descendants(pid);
    process.kill(pid, 'SIGKILL');
    await waitFor(10_000, () => (children.some(isRunning) ? undefined : true));
    await start();
    const rows = await withDatabase(stack, async (client) => (await client.query('SELECT value FROM kept')).rows);
    expect(rows).toEqual([{ value: 7 }]);
  });

  it('never signals a process that only has the pid of a recorded one', async () => {
    await start();
    const innocent = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pid = innocent.pid ?? 0;
    const identity = identify(pid);
    const record = { name: 'worker-8', address: 'cpu', pid, started: '1@another-boot', logFile: 'none', command: [] };
    await writeWholeFile(join(folders.processes, 'worker-8.json'), JSON.stringify(record));
    await down({ folders, report });
    expect(identity !== undefined && isRunning(identity)).toBe(true);
    innocent.kill('SIGKILL');
  });

  it('ends a process whose record was lost, and its children', async () => {
    await start();
    const record = await startDetached(
      folders,
      { name: 'worker-9', address: 'cpu' },
      { file: 'sh', args: ['-c', 'sleep 60 & sleep 61'], env: process.env, cwd: root },
    );
    const child = await waitFor(5_000, () => descendants(record.pid)[0]);
    await forget(folders, 'worker-9');
    await down({ folders, report });
    expect(isRunning(record)).toBe(false);
    expect(child !== undefined && isRunning(child)).toBe(false);
  });

  it('takes another port when a program took one, and ends the services that hold the old address', async () => {
    const before = await start();
    const launch = { file: 'sleep', args: ['60'], env: process.env, cwd: root };
    const service = await startDetached(folders, { name: 'worker-7', address: 'cpu' }, launch);
    const nats = await readRecord(folders, 'nats');
    process.kill(nats?.pid ?? 0, 'SIGKILL');
    await waitFor(5_000, () => (nats !== undefined && isRunning(nats) ? undefined : true));
    const thief = await takePort(before.document.ports.nats);
    const stack = await start();
    expect(stack.document.ports.nats).not.toBe(before.document.ports.nats);
    expect(stack.document.ports.postgres).toBe(before.document.ports.postgres);
    expect(lines.some((line) => line.includes(`port ${before.document.ports.nats}`))).toBe(true);
    expect(isRunning(service)).toBe(false);
    await new Promise((resolve) => thief.close(resolve));
  });

  it('says what to do when a server cannot start', async () => {
    await down({ folders, report });
    await writeFile(join(folders.data, 'postgres', 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/written by Postgres 17, this is 18; .*pg_upgrade/);
    await writeFile(join(folders.data, 'postgres', 'PG_VERSION'), '18\n');
    await start();
  });

  it('names the log when a server ends at its start', async () => {
    await down({ folders, report });
    const configuration = join(folders.data, 'postgres', 'postgresql.auto.conf');
    await writeFile(configuration, "no_such_setting = 'x'\n");
    await expect(start()).rejects.toThrow(/postgres ended at its start; see .*postgres\.log.*no_such_setting/s);
    await writeFile(configuration, '');
  });

  it('shows what the disk holds and purges all of it', async () => {
    await start();
    expect((await diskUse(folders)).find(({ what }) => what === 'data: postgres')?.sizeBytes).toBeGreaterThan(1e6);
    await purge({ folders, report });
    expect((await readdir(root)).sort()).toEqual([]);
    expect(await status(folders)).toEqual([]);
  });
});

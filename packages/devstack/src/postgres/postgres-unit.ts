import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import pg from 'pg';
import type { Launch } from '../processes/detached-process.js';
import { lastLines, type Report, runCommand } from '../setup/command.js';
import { readSecret, secretFile } from '../stack/secrets.js';
import { reasonOf, type Unit, type UnitContext } from '../stack/unit.js';
import { type PlainUser, plainUser } from './plain-user.js';
import { findPostgres, postgresMajor } from './postgres-binaries.js';

/** The role that owns the database, and the database. */
export const postgresRole = 'tributary';

/** `postgres://…` with the password in it: for environments of processes and for clients in this one, never for output. */
export async function postgresUrl(
  { folders, document }: Pick<UnitContext, 'folders' | 'document'>,
  database: string = postgresRole,
): Promise<string> {
  const password = await readSecret(secretFile(folders, 'postgres'));
  return `postgres://${postgresRole}:${password ?? ''}@127.0.0.1:${document.ports.postgres}/${database}`;
}

export function postgresUnit(context: UnitContext): Unit {
  const { document } = context;
  return {
    name: 'postgres',
    address: `postgres://${postgresRole}@127.0.0.1:${document.ports.postgres}/${postgresRole}`,
    launch: (report) => launchPostgres(context, report),
    check: () => reasonOf(() => ensureDatabase(context)),
    startTimeoutMs: 60_000,
    // SIGINT is Postgres's fast shutdown: it ends sessions and writes a checkpoint. SIGTERM would wait for clients.
    stopSignal: 'SIGINT',
    stopGraceMs: 30_000,
  };
}

async function launchPostgres({ folders, document, env }: UnitContext, report: Report): Promise<Launch> {
  const { folder } = await findPostgres(env);
  const user = await plainUser();
  const data = join(folders.data, 'postgres');
  if (existsSync(join(data, 'PG_VERSION'))) await checkDataVersion(data);
  else await initialise({ data, folder, user, passwordFile: secretFile(folders, 'postgres'), report });
  await removeStaleLock(data);
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(document.ports.postgres),
    // TCP only: the path of a socket must be short, that of a stack may be long.
    unix_socket_directories: '',
    max_connections: '300',
    logging_collector: 'off',
    log_line_prefix: '%m [%p] ',
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const [file, ...rest] = [...(user?.prefix ?? []), join(folder, 'postgres'), ...args];
  return { file: file ?? 'postgres', args: rest, env: { ...env, TZ: 'UTC' }, cwd: data };
}

async function checkDataVersion(data: string): Promise<void> {
  const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (version === String(postgresMajor)) return;
  throw new TributaryError(
    'SERVER_FAILED',
    `The database in ${data} was written by Postgres ${version}, this is ${postgresMajor}; move it with pg_upgrade or pg_dump, or start anew with tributary down --purge.`,
  );
}

/**
 * A killed server leaves `postmaster.pid`, and Postgres then refuses to start when another program has that pid by now.
 * The file is removed only when no server runs on this data folder.
 */
async function removeStaleLock(data: string): Promise<void> {
  const lockFile = join(data, 'postmaster.pid');
  const pid = Number((await readFile(lockFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (command.split('\0').includes(data)) {
    throw new TributaryError(
      'SERVER_FAILED',
      `A Postgres that this stack does not know runs on ${data}; end it with kill -INT ${pid}, then run tributary up again.`,
    );
  }
  if (process.platform === 'linux') await rm(lockFile, { force: true });
}

interface Initialisation {
  readonly data: string;
  readonly folder: string;
  readonly user: PlainUser | undefined;
  readonly passwordFile: string;
  readonly report: Report;
}

async function initialise({ data, folder, user, passwordFile, report }: Initialisation): Promise<void> {
  report('postgres: making the database (usually 2 s, once)');
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  if (user?.owner !== undefined) await chown(unfinished, user.owner.uid, user.owner.gid);
  const args = [
    '-D',
    unfinished,
    '-U',
    postgresRole,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--locale-provider=builtin',
  ];
  const [file, ...rest] = [...(user?.prefix ?? []), join(folder, 'initdb'), ...args];
  const made = await runCommand(file ?? 'initdb', rest, { cwd: unfinished });
  if (!made.ok)
    throw new TributaryError(
      'SERVER_FAILED',
      `initdb could not make the database in ${unfinished}: ${lastLines(made.output)}`,
    );
  await rename(unfinished, data);
}

/** Connects, and creates the database at the first time. */
async function ensureDatabase(context: UnitContext): Promise<void> {
  const server = new pg.Client({
    connectionString: await postgresUrl(context, 'postgres'),
    connectionTimeoutMillis: 3_000,
  });
  await server.connect();
  try {
    const found = await server.query('SELECT 1 FROM pg_database WHERE datname = $1', [postgresRole]);
    if (found.rowCount === 0) await server.query(`CREATE DATABASE ${postgresRole}`);
  } finally {
    await server.end();
  }
}

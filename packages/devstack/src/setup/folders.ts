import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '@tributary/protocol';

type Environment = Readonly<Record<string, string | undefined>>;

function xdgFolder(env: Environment, variable: string, fallback: string): string {
  const named = env[variable];
  // The XDG specification says that a relative path is to be ignored.
  const root = named?.startsWith('/') ? named : join(env.HOME ?? homedir(), fallback);
  return join(root, 'tributary');
}

/** What was built or downloaded once and can be made again: servers, TensorFlow. Shared by all stacks. */
export function cacheFolder(env: Environment = process.env): string {
  const named = env.TRIBUTARY_CACHE_DIR;
  return named !== undefined && named !== '' ? resolve(named) : xdgFolder(env, 'XDG_CACHE_HOME', '.cache');
}

/** What must survive: databases, streams, checkpoints. */
export function dataFolder(env: Environment = process.env): string {
  return xdgFolder(env, 'XDG_DATA_HOME', '.local/share');
}

/** Fetched corpora, one for all stacks; no stack may have this folder's name. */
export function corporaFolder(env: Environment = process.env): string {
  return join(dataFolder(env), 'corpora');
}

/** What belongs to this machine: ports, pids, logs, secrets. */
export function stateFolder(env: Environment = process.env): string {
  return xdgFolder(env, 'XDG_STATE_HOME', '.local/state');
}

/** The root of the checkout: the folder that holds `infra/`, `services/` and `node_modules/`. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'infra', 'tensorflow'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new TributaryError(
        'PREREQUISITE_MISSING',
        'The folder infra/ of Tributary was not found above this package; run it from a checkout.',
      );
    }
    folder = parent;
  }
  return folder;
}

import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ObjectStore, TributaryError } from '@tributary/protocol';
import { checkKey, objectNotFound } from './object-key.js';

/** Where files lie until they are whole; no key begins with a dot. */
const incoming = '.incoming';
const abandonedAfterMs = 3_600_000;

/**
 * Objects as files below a folder, which may be shared by many processes of one machine or lie on a network file system with
 * atomic rename. A key that is also the folder part of another key (`a` and `a/b`) is not possible.
 */
export function directoryStore(folder: string): ObjectStore {
  const fileOf = (key: string): string => {
    checkKey(key);
    return join(folder, ...key.split('/'));
  };
  let swept = false;
  return {
    async put(key, bytes) {
      const file = fileOf(key);
      if (!swept) await dropAbandoned(join(folder, incoming));
      swept = true;
      const temporary = join(folder, incoming, randomBytes(12).toString('hex'));
      try {
        await writeDurably(temporary, bytes);
        await renameInto(temporary, file);
      } catch (cause) {
        await rm(temporary, { force: true });
        throw new TributaryError(
          'SERVER_FAILED',
          `Object ${key} could not be written to ${folder}: ${(cause as Error).message}.`,
          { cause },
        );
      }
    },
    async get(key) {
      try {
        return new Uint8Array(await readFile(fileOf(key)));
      } catch (cause) {
        throw isAbsence(cause) ? objectNotFound(key, folder, cause) : cause;
      }
    },
    async has(key) {
      try {
        return (await stat(fileOf(key))).isFile();
      } catch (cause) {
        if (isAbsence(cause)) return false;
        throw cause;
      }
    },
    async delete(key) {
      const file = fileOf(key);
      try {
        await unlink(file);
      } catch (cause) {
        if (!isAbsence(cause)) throw cause;
      }
      await dropEmptyFolders(dirname(file), folder);
    },
    async list(prefix) {
      const keys: string[] = [];
      await walk(folder, '', prefix, keys);
      return keys.sort();
    },
  };
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Renames, and makes the new name durable. Another process may just be removing the empty folder. */
async function renameInto(temporary: string, file: string): Promise<void> {
  const folder = dirname(file);
  for (let tries = 1; ; tries++) {
    await mkdir(folder, { recursive: true });
    try {
      await rename(temporary, file);
      break;
    } catch (cause) {
      if (tries === 10 || (cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    }
  }
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function dropEmptyFolders(from: string, root: string): Promise<void> {
  for (let folder = from; folder !== root && folder.startsWith(root); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return; // Not empty, or already gone.
    }
  }
}

/** Files of writers that were killed. */
async function dropAbandoned(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const file = join(folder, name);
    const written = await stat(file).catch(() => null);
    if (written !== null && Date.now() - written.mtimeMs > abandonedAfterMs) await rm(file, { force: true });
  }
}

async function walk(folder: string, path: string, prefix: string, keys: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (isAbsence(cause)) return [];
    throw cause;
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const key = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isFile() && key.startsWith(prefix)) keys.push(key);
    if (entry.isDirectory() && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)))
      await walk(join(folder, entry.name), key, prefix, keys);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    if (isAbsence(cause)) return [];
    throw cause;
  });
}

function isAbsence(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
}

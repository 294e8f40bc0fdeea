import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { RunFile } from '@tributary/config';
import type { PreparedRun } from '@tributary/protocol';

/** Packages whose versions may change a result. */
const packages = ['@tensorflow/tfjs', '@tensorflow/tfjs-node-gpu', '@nats-io/transport-node'] as const;

/** What this code is, where the data came from, and what computed how: recorded once by every member. */
export async function lineageOf(
  prepared: PreparedRun,
  { seed, compute: { threads, precision } }: RunFile,
): Promise<Record<string, string>> {
  const versions = await Promise.all(
    packages.map(async (name) => [`package.${name}`, await installedVersion(name)] as const),
  );
  return {
    seed: String(seed),
    threads: String(threads),
    precision,
    ...(prepared.init === undefined ? {} : { 'init.sha256': prepared.init.sha256 }),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? 'unknown',
    commit: await codeCommit(),
    'package-lock.sha256': await lockHash(),
    ...(Object.fromEntries(versions.filter(([, version]) => version !== null)) as Record<string, string>),
    ...Object.fromEntries(Object.entries(prepared.sources).map(([name, version]) => [`data.${name}`, version])),
    ...Object.fromEntries(
      Object.entries(prepared.tasks).flatMap(([task, { splits }]) =>
        Object.entries(splits).map(([split, { sha256 }]) => [`data.${task}.${split}.sha256`, sha256]),
      ),
    ),
  };
}

async function installedVersion(name: string): Promise<string | null> {
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version;
  } catch {
    return null;
  }
}

/** Of the lock file above this module, which pins every package; `unknown` where there is none. */
async function lockHash(): Promise<string> {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const lock = await readFile(join(folder, 'package-lock.json')).catch(() => null);
    if (lock !== null) return createHash('sha256').update(lock).digest('hex');
    if (folder === dirname(folder)) return 'unknown';
  }
}

/** The commit of this checkout, with `-dirty` where tracked files differ from it; `unknown` outside a checkout. */
async function codeCommit(): Promise<string> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', ['-C', import.meta.dirname, ...args])).stdout.trim();
  try {
    const commit = await git('rev-parse', 'HEAD');
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return changed === '' ? commit : `${commit}-dirty`;
  } catch {
    return 'unknown';
  }
}

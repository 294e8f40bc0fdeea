import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { searchPath } from '../servers/find-server.js';
import { runCommand } from './command.js';

/** The first of apt's programs that is not on this system, or undefined. */
export function missingAptTool(env: NodeJS.ProcessEnv): string | undefined {
  return ['apt-get', 'dpkg-deb'].find((tool) => searchPath(tool, env) === undefined);
}

export type FetchedPackages =
  /** Files of the archives. */
  | { readonly ok: true; readonly archives: readonly string[] }
  /** `unknown`: apt's sources have no such package. */
  | { readonly ok: false; readonly unknown: boolean; readonly output: string };

export interface DebianFetch {
  readonly package: string;
  /** Also what it depends on and this system has not. */
  readonly dependencies: boolean;
  /** Where the archives and, where the system's are out of date, apt's lists go. It must exist. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Downloads a Debian package, checked against Debian's signature, by the system's own lists; where they are missing or out
 * of date, by lists of its own. Nothing is installed on the system, and no root is needed.
 */
export async function fetchDebianPackage(wanted: DebianFetch): Promise<FetchedPackages> {
  const { folder, env } = wanted;
  const cache = join(folder, 'cache');
  const archives = join(cache, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  // As root apt drops to a user that cannot write into root's home; others may not lock the system's cache, which is not used.
  const plain = ['-q', '-o', 'APT::Sandbox::User=root', '-o', 'Debug::NoLocking=1', '-o', `Dir::Cache=${cache}`];
  const own = ['-o', `Dir::State::Lists=${join(folder, 'lists')}`];
  const command = wanted.dependencies
    ? ['install', '-y', '--download-only', '--no-install-recommends', wanted.package]
    : ['download', wanted.package];
  const apt = (args: readonly string[]) =>
    runCommand('apt-get', args, { cwd: archives, env: { ...env, LC_ALL: 'C' }, extendEnv: false });
  const first = await apt([...plain, ...command]);
  if (!first.ok) {
    await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
    const updated = await apt([...plain, ...own, '-o', 'Acquire::Languages=none', 'update']);
    const second = await apt([...plain, ...own, ...command]);
    if (!second.ok)
      return {
        ok: false,
        unknown: updated.ok && /Unable to locate package|no installation candidate/.test(second.output),
        output: second.output,
      };
  }
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
  return files.length === 0
    ? { ok: false, unknown: false, output: first.output }
    : { ok: true, archives: files.map((name) => join(archives, name)) };
}

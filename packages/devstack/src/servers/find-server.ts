import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { runCommand } from '../setup/command.js';
import { cacheFolder, repositoryRoot } from '../setup/folders.js';
import { type GoServerRelease, versionProblem } from './release.js';

export type ServerBinary =
  | {
      readonly found: true;
      readonly path: string;
      readonly version: string;
      readonly from: 'environment' | 'PATH' | 'cache';
    }
  /** `rejected` says which binary was on PATH and why it was passed over. */
  | { readonly found: false; readonly rejected?: string };

/** Where built servers and their stable names lie. */
export function binariesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), 'bin');
}

/** The file that building `release` gives for one of its binaries; another source gives another name. */
export function builtBinary(release: GoServerRelease, binary: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(binariesFolder(env), `${binary}-${release.version}-${sourceDigest(release)}`);
}

/** Eight hex digits over the pinned modules, our own Go files and the build tags. */
function sourceDigest(release: GoServerRelease): string {
  const folder = join(repositoryRoot(), 'infra', release.name);
  const sources = readdirSync(folder).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name));
  const hash = createHash('sha256').update(release.tags.join(','));
  for (const name of sources.sort()) hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 8);
}

/**
 * Finds a server: the environment variable first, then PATH, then what was built before.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` when the environment variable names a binary that cannot serve: what the
 * user names is never silently replaced.
 */
export async function findServer(
  release: GoServerRelease,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServerBinary> {
  const named = env[release.environmentVariable];
  if (named !== undefined && named !== '') {
    const version = await readVersion(release, named);
    const problem = isExecutable(named) ? versionProblem(release, version) : 'is not an executable file';
    if (problem === undefined && version !== undefined)
      return { found: true, path: named, version, from: 'environment' };
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `${release.environmentVariable}=${named} ${problem}; name another binary or unset the variable.`,
    );
  }
  const onPath = searchPath(release.name, env);
  let rejected: string | undefined;
  if (onPath !== undefined) {
    const version = await readVersion(release, onPath);
    const problem = versionProblem(release, version);
    if (problem === undefined && version !== undefined) return { found: true, path: onPath, version, from: 'PATH' };
    rejected = `${onPath} ${problem}`;
  }
  const built = release.targets.map((target) => builtBinary(release, target.binary, env));
  const [main] = built;
  if (main !== undefined && built.every((file) => existsSync(file)))
    return { found: true, path: main, version: release.version, from: 'cache' };
  return rejected === undefined ? { found: false } : { found: false, rejected };
}

async function readVersion(release: GoServerRelease, file: string): Promise<string | undefined> {
  const said = await runCommand(file, release.versionArguments, { timeout: 20_000 });
  return release.versionPattern.exec(said.output)?.[1];
}

export function searchPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => isExecutable(file));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

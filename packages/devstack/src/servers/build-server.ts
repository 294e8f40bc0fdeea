import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand, secondsSince } from '../setup/command.js';
import { exclusively } from '../setup/exclusive.js';
import { repositoryRoot } from '../setup/folders.js';
import { binariesFolder, builtBinary, findServer, type ServerBinary, searchPath } from './find-server.js';
import { compareVersions, type GoServerRelease, minimumGoVersion } from './release.js';

export interface BuildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly report: Report;
  /** Compile at low priority, so that training beside it is not slowed. */
  readonly lowPriority?: boolean;
}

export type FoundServer = Extract<ServerBinary, { readonly found: true }>;

/**
 * Finds a server or builds it once into the cache. Safe against a second process that does the same: one builds, the
 * other waits; a binary gets its name only when it is complete.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` naming Go, the network, or the binary that the user should change.
 */
export async function ensureServer(release: GoServerRelease, options: BuildOptions): Promise<FoundServer> {
  const env = options.env ?? process.env;
  const before = await findServer(release, env);
  if (before.found) return before;
  if (before.rejected !== undefined) options.report(`${release.name}: passing over ${before.rejected}`);
  const lockFile = join(binariesFolder(env), `${release.name}.lock`);
  const waiting = `${release.name}: another process is building it; waiting`;
  return exclusively(lockFile, { waiting, report: options.report, timeoutMs: 3_600_000 }, async () => {
    const meanwhile = await findServer(release, env);
    if (meanwhile.found) return meanwhile;
    await build(release, env, options);
    const built = await findServer(release, env);
    if (built.found) return built;
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `${release.name} was built but is not in ${binariesFolder(env)}; check that the folder can be written.`,
    );
  });
}

/** The installed Go's version, or undefined without Go. */
export async function goVersion(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  // GOTOOLCHAIN=local: the version of what is installed, without looking for another one.
  const said = await runCommand('go', ['env', 'GOVERSION'], { env: { ...env, GOTOOLCHAIN: 'local' } });
  return said.ok ? /go(\d+\.\d+(?:\.\d+)?)/.exec(said.output)?.[1] : undefined;
}

async function build(release: GoServerRelease, env: NodeJS.ProcessEnv, options: BuildOptions): Promise<void> {
  const remedy = `install it from https://go.dev/dl or set ${release.environmentVariable} to a binary of ${release.name} ${release.minimumVersion} or later`;
  const go = await goVersion(env);
  if (go === undefined || compareVersions(go, minimumGoVersion) < 0) {
    const found = go === undefined ? '' : `, this is Go ${go}`;
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `Go ${minimumGoVersion} or later is needed to build ${release.name}${found}; ${remedy}.`,
    );
  }
  const startedAtMs = Date.now();
  options.report(`${release.name}: building version ${release.version} from source (usually ${release.usually}, once)`);
  const folder = binariesFolder(env);
  await mkdir(folder, { recursive: true });
  for (const target of release.targets) {
    const file = builtBinary(release, target.binary, env);
    const unfinished = `${file}.unfinished`;
    await rm(unfinished, { force: true });
    const variables = Object.entries(release.linkerVariables).map(([name, value]) => `-X ${name}=${value}`);
    const linker = ['-s', '-w', ...variables].join(' ');
    const tags = release.tags.length > 0 ? ['-tags', release.tags.join(',')] : [];
    const command = [
      'go',
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-mod=readonly',
      ...tags,
      '-ldflags',
      linker,
      '-o',
      unfinished,
      target.package,
    ];
    const [first, ...rest] = options.lowPriority === true ? [...whenIdle(env), ...command] : command;
    const built = await runCommand(first ?? 'go', rest, {
      cwd: join(repositoryRoot(), 'infra', release.name),
      env: { ...env, GOFLAGS: '', GOWORK: 'off' },
      extendEnv: false,
    });
    if (!built.ok || !existsSync(unfinished)) {
      await rm(unfinished, { force: true });
      throw new TributaryError(
        'PREREQUISITE_MISSING',
        `${release.name} ${release.version} could not be built; check the network to the Go module proxy and the free disk space (3 GB), or ${remedy}. go said: ${lastLines(built.output)}`,
      );
    }
    await rename(unfinished, file);
    await nameStably(folder, target.binary, basename(file));
  }
  options.report(`${release.name}: built in ${secondsSince(startedAtMs)}`);
}

/** Runs a command in what processor time others leave over: niceness alone still takes turns with a training run. */
function whenIdle(env: NodeJS.ProcessEnv): string[] {
  return searchPath('chrt', env) === undefined ? ['nice', '-n', '19'] : ['chrt', '--idle', '0'];
}

/** Points `<binary>` to the newest version, replacing the link in one step. */
async function nameStably(folder: string, binary: string, target: string): Promise<void> {
  const temporary = join(folder, `.${binary}.${process.pid}`);
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, join(folder, binary));
}

import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { plainUser } from '../postgres/plain-user.js';
import { findPostgres } from '../postgres/postgres-binaries.js';
import { readRecord, recordedNames } from '../processes/detached-process.js';
import { isRunning } from '../processes/process-identity.js';
import { goVersion } from '../servers/build-server.js';
import { findServer } from '../servers/find-server.js';
import { compareVersions, goServers, minimumGoVersion } from '../servers/release.js';
import { lastLines, runCommand } from '../setup/command.js';
import { cacheFolder, repositoryRoot } from '../setup/folders.js';
import { portIsFree, readStackDocument } from '../stack/stack-document.js';
import type { StackFolders } from '../stack/stack-folders.js';
import { findAddonPackage } from '../tensorflow/addon-package.js';
import { loadedTensorflowVersion } from '../tensorflow/build-addon.js';
import { backendChecks, probeBackends } from './backend-checks.js';
import { bad, type DoctorCheck, good } from './doctor-check.js';

const minimumNode = '20.19.0';
const wantedFreeBytes = 8e9;

/** Checks every prerequisite of Tributary on this machine and the state of one stack; changes nothing. */
export async function doctor(folders: StackFolders, env: NodeJS.ProcessEnv = process.env): Promise<DoctorCheck[]> {
  const servers = await Promise.all(Object.values(goServers).map((release) => checkServer(release.name, env)));
  const built = servers.every((check) => check.ok);
  const backends = backendChecks(await probeBackends(repositoryRoot(), env));
  const rest = await Promise.all([
    checkPlatform(),
    checkNode(),
    ...tools(env).map((tool) => checkTool(tool, env)),
    checkGo(built, env),
    checkDisk(env),
    checkTensorflow(),
    checkPostgres(env),
    checkPorts(folders),
    checkRecords(folders),
  ]);
  return [...rest.slice(0, 10), ...backends, ...servers, ...rest.slice(10)];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function checkPlatform(): Promise<DoctorCheck> {
  const name = 'platform';
  const found = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return bad(
      name,
      found,
      'use Linux on x86-64: on others TensorFlow falls back to a slower backend, and nothing was tried there',
    );
  }
  const libc = await runCommand('getconf', ['GNU_LIBC_VERSION']);
  const version = /glibc (\d+\.\d+)/.exec(libc.output)?.[1];
  if (version === undefined || compareVersions(version, '2.27') < 0) {
    return bad(
      name,
      `${found}, ${version === undefined ? 'no glibc' : `glibc ${version}`}`,
      'use a distribution with glibc 2.27 or later (not Alpine): the TensorFlow wheel needs it',
    );
  }
  return good(name, `${found}, glibc ${version}`);
}

async function checkNode(): Promise<DoctorCheck> {
  const version = process.versions.node;
  return compareVersions(version, minimumNode) >= 0
    ? good('Node', version)
    : bad('Node', version, `install Node ${minimumNode} or later from https://nodejs.org`);
}

interface Tool {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly remedy: string;
}

function tools(env: NodeJS.ProcessEnv): readonly Tool[] {
  const debian = (what: string): string => `(Debian and Ubuntu: apt install ${what})`;
  return [
    { name: 'npm', file: 'npm', args: ['--version'], remedy: 'install npm 10 or later; it comes with Node' },
    {
      name: 'Python 3',
      file: 'python3',
      args: ['--version'],
      remedy: `install Python 3.9 or later ${debian('python3')}`,
    },
    { name: 'pip', file: 'python3', args: ['-m', 'pip', '--version'], remedy: `install pip ${debian('python3-pip')}` },
    {
      name: 'C++ compiler',
      file: env.CXX ?? 'g++',
      args: ['--version'],
      remedy: `install a C++17 compiler ${debian('build-essential')}`,
    },
    { name: 'make', file: 'make', args: ['--version'], remedy: `install make ${debian('build-essential')}` },
  ];
}

async function checkTool({ name, file, args, remedy }: Tool, env: NodeJS.ProcessEnv): Promise<DoctorCheck> {
  const said = await runCommand(file, args, { timeout: 20_000, env });
  return said.ok ? good(name, said.output.split('\n')[0] ?? '') : bad(name, lastLines(said.output, 1), remedy);
}

async function checkGo(serversBuilt: boolean, env: NodeJS.ProcessEnv): Promise<DoctorCheck> {
  if (serversBuilt) return good('Go', 'not needed: every server is there');
  const version = await goVersion(env);
  if (version !== undefined && compareVersions(version, minimumGoVersion) >= 0) return good('Go', version);
  return bad(
    'Go',
    version ?? 'not found',
    `install Go ${minimumGoVersion} or later from https://go.dev/dl: it builds the servers once`,
  );
}

async function checkServer(server: keyof typeof goServers, env: NodeJS.ProcessEnv): Promise<DoctorCheck> {
  const release = goServers[server];
  try {
    const found = await findServer(release, env);
    if (found.found) return good(server, `${found.version} from ${found.from} (${found.path})`);
    const detail = found.rejected === undefined ? 'not built yet' : `not built yet; ${found.rejected}`;
    return bad(
      server,
      detail,
      `run make setup (usually ${release.usually}, once) or set ${release.environmentVariable} to a binary`,
    );
  } catch (error) {
    return bad(server, messageOf(error), `change ${release.environmentVariable}`);
  }
}

async function checkPostgres(env: NodeJS.ProcessEnv): Promise<DoctorCheck> {
  try {
    const { folder, from } = await findPostgres(env);
    const user = await plainUser();
    const said = await runCommand(join(folder, 'postgres'), ['--version']);
    if (!said.ok)
      return bad(
        'postgres',
        `${folder}: ${lastLines(said.output, 2)}`,
        'set TRIBUTARY_POSTGRES_BIN to the bin folder of a Postgres 18',
      );
    return good(
      'postgres',
      `${said.output.trim()} from ${from} (${folder})${user === undefined ? '' : `, started by root through ${user.prefix[0]}`}`,
    );
  } catch (error) {
    return bad('postgres', messageOf(error), 'do what the message says');
  }
}

async function checkDisk(env: NodeJS.ProcessEnv): Promise<DoctorCheck> {
  const folder = cacheFolder(env);
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free at ${folder}`;
  return free >= wantedFreeBytes
    ? good('disk space', detail)
    : bad(
        'disk space',
        detail,
        'free 6 GB there (Go builds and TensorFlow need them), or set XDG_CACHE_HOME to a larger disk',
      );
}

async function checkTensorflow(): Promise<DoctorCheck> {
  const name = 'TensorFlow addon';
  try {
    const addon = findAddonPackage(repositoryRoot());
    if (!existsSync(join(addon.folder, 'lib'))) return bad(name, 'not built yet', 'run make setup');
    return good(name, `libtensorflow ${await loadedTensorflowVersion(addon, addon.folder)} loads`);
  } catch (error) {
    return bad(name, messageOf(error), 'run make setup; without it training runs on a slower backend');
  }
}

async function checkPorts(folders: StackFolders): Promise<DoctorCheck> {
  const document = await readStackDocument(folders).catch(() => undefined);
  if (document === undefined) return good('ports', 'chosen at the first tributary up');
  const running = await Promise.all((await recordedNames(folders)).map((name) => readRecord(folders, name)));
  if (running.some((record) => record !== undefined && isRunning(record))) return good('ports', 'in use by the stack');
  const taken: number[] = [];
  for (const port of Object.values(document.ports)) if (!(await portIsFree(port))) taken.push(port);
  return taken.length === 0
    ? good('ports', 'free')
    : good('ports', `${taken.join(', ')} taken by other programs; tributary up takes others`);
}

async function checkRecords(folders: StackFolders): Promise<DoctorCheck> {
  const name = 'processes';
  const records = await Promise.all((await recordedNames(folders)).map((recorded) => readRecord(folders, recorded)));
  const ended = records.filter((record) => record !== undefined && !isRunning(record)).map((record) => record?.name);
  if (ended.length > 0)
    return bad(
      name,
      `ended without tributary down: ${ended.join(', ')}`,
      'run tributary up to start them again, or tributary down',
    );
  return good(name, records.length === 0 ? `stack ${folders.name} is down` : `${records.length} run`);
}

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { writeWholeFile } from '../setup/whole-file.js';
import type { StackFolders } from '../stack/stack-folders.js';
import { identify, isRunning, type ProcessIdentity, withEnvironment } from './process-identity.js';

const rotateAboveBytes = 10 * 1024 * 1024;

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** What is remembered of a process that outlives the command that started it. */
export interface ProcessRecord extends ProcessIdentity {
  readonly name: string;
  /** Where it is reached; a worker's device. */
  readonly address: string;
  readonly logFile: string;
  readonly command: readonly string[];
}

// These variables find the processes of a stack, and of one of its units, also when a record was lost.
const stackMark = 'TRIBUTARY_STACK_MARK';
const unitMark = 'TRIBUTARY_STACK_UNIT';

export function logFileOf(folders: StackFolders, name: string): string {
  return join(folders.logs, `${name}.log`);
}

function recordFile(folders: StackFolders, name: string): string {
  return join(folders.processes, `${name}.json`);
}

/** Starts a process in a session of its own, its output in its log file, and records it. */
export async function startDetached(
  folders: StackFolders,
  { name, address }: { readonly name: string; readonly address: string },
  launch: Launch,
): Promise<ProcessRecord> {
  const logFile = logFileOf(folders, name);
  await rotate(logFile);
  const log = openSync(logFile, 'a', 0o600);
  const env = { ...launch.env, [stackMark]: folders.state, [unitMark]: `${folders.state}:${name}` };
  try {
    const child = spawn(launch.file, launch.args, {
      cwd: launch.cwd,
      env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    child.unref();
    const identity = identify(pid) ?? { pid, started: 'ended at once' };
    const record: ProcessRecord = { name, address, ...identity, logFile, command: [launch.file, ...launch.args] };
    await writeWholeFile(recordFile(folders, name), `${JSON.stringify(record)}\n`);
    return record;
  } catch (error) {
    throw new TributaryError(
      'SERVER_FAILED',
      `${name} could not be started: ${launch.file} ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  } finally {
    closeSync(log);
  }
}

async function rotate(logFile: string): Promise<void> {
  const size = await stat(logFile)
    .then((found) => found.size)
    .catch(() => 0);
  if (size > rotateAboveBytes) await rename(logFile, `${logFile}.1`);
}

/** The recorded process, running or not; undefined when there is no (readable) record. */
export async function readRecord(folders: StackFolders, name: string): Promise<ProcessRecord | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(recordFile(folders, name), 'utf8'));
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The recorded process if it still runs. */
export async function readRunning(folders: StackFolders, name: string): Promise<ProcessRecord | undefined> {
  const record = await readRecord(folders, name);
  return record !== undefined && isRunning(record) ? record : undefined;
}

export async function forget(folders: StackFolders, name: string): Promise<void> {
  await rm(recordFile(folders, name), { force: true });
}

export async function recordedNames(folders: StackFolders): Promise<string[]> {
  const files = await readdir(folders.processes).catch(() => []);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** Processes of the stack, or of one unit of it, that no record names: children of one that died, or of a lost record. */
export function markedProcesses(folders: StackFolders, name?: string): ProcessIdentity[] {
  const marked =
    name === undefined
      ? withEnvironment(stackMark, folders.state)
      : withEnvironment(unitMark, `${folders.state}:${name}`);
  return marked.filter((identity) => identity.pid !== process.pid);
}

function isRecord(value: unknown): value is ProcessRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'started' in value &&
    typeof value.started === 'string' &&
    'logFile' in value &&
    'address' in value
  );
}

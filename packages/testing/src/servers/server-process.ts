import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from '@tributary/protocol';

/** A server that outlives the process that started it. */
export interface ServerRecord {
  readonly pid: number;
  /** Kernel start time of the process, so that a reused pid is not mistaken for it. */
  readonly startTime: string;
  readonly port: number;
}

export interface ServerCommand {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly logFile: string;
  /** Resolves once the server serves; rejects while it does not yet. */
  readonly probe: () => Promise<void>;
  readonly timeoutMs: number;
}

/** Field 22 of /proc/PID/stat; null where there is no such process. */
function processStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export function isAlive(record: ServerRecord): boolean {
  return processStartTime(record.pid) === record.startTime;
}

/** Starts a detached server and waits until its probe succeeds. */
export async function startServer(command: ServerCommand): Promise<ServerRecord> {
  const log = await open(command.logFile, 'a');
  let child: ChildProcess;
  try {
    child = spawn(command.file, command.args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
  } finally {
    await log.close();
  }
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  child.once('exit', (code, signal) => {
    failure ??= new Error(`it ended with ${signal ?? `code ${code}`}`);
  });
  child.unref();
  const deadline = Date.now() + command.timeoutMs;
  let last: unknown = null;
  while (failure === null && Date.now() < deadline) {
    try {
      await command.probe();
      const pid = child.pid as number;
      return { pid, startTime: processStartTime(pid) ?? '', port: command.port };
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  if (child.pid !== undefined && failure === null) process.kill(child.pid, 'SIGKILL');
  const tail = (await readFile(command.logFile, 'utf8')).trimEnd().split('\n').slice(-6).join('\n');
  throw new TributaryError(
    'SERVER_FAILED',
    `The test server ${command.name} did not start within ${command.timeoutMs / 1000} s; its log ${command.logFile} ends with:\n${tail}`,
    { cause: failure ?? last },
  );
}

/** Ends a server and waits until it is gone; SIGKILL after 10 s. */
export async function stopServer(record: ServerRecord): Promise<void> {
  const started = Date.now();
  let signal: NodeJS.Signals | null = 'SIGINT';
  while (isAlive(record)) {
    if (signal !== null) {
      try {
        process.kill(record.pid, signal);
      } catch {
        return;
      }
      signal = null;
    }
    await delay(20);
    if (Date.now() - started > 10_000) signal = 'SIGKILL';
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureServer, goServers } from '@tributary/devstack';
import { freePort } from '../servers/free-port.js';

/** A nats-server of one test alone, to be configured, stopped and started again. */
export interface OwnNatsServer {
  /** `127.0.0.1:<port>`, the same after each start. */
  readonly address: string;
  readonly port: number;
  /** The process, while it runs. */
  readonly pid: number | undefined;
  /** Starts it and waits until it listens. */
  start(): Promise<void>;
  /** Ends it at once, as a crash does, or as SIGTERM. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/**
 * @param configuration members of its configuration file, beside `listen`; given the folder of `files`
 * @param files written beside it, by name
 */
export async function ownNatsServer(
  configuration: (folder: string) => Readonly<Record<string, unknown>> = () => ({}),
  options: { readonly files?: Readonly<Record<string, string>>; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<OwnNatsServer> {
  const binary = await ensureServer(goServers['nats-server'], { report: () => undefined });
  const folder = await mkdtemp(join(tmpdir(), 'tributary-nats-'));
  const port = await freePort();
  for (const [name, content] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), content);
  const file = join(folder, 'nats.json');
  await writeFile(file, JSON.stringify({ listen: `127.0.0.1:${port}`, ...configuration(folder) }));
  let child: ChildProcess | null = null;
  let said = '';

  const start = async (): Promise<void> => {
    const started = spawn(binary.path, ['--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    child = started;
    said = '';
    for (const stream of [started.stdout, started.stderr]) stream?.on('data', (chunk) => (said += chunk));
    while (!(await listens(port))) {
      if (started.exitCode !== null) throw new Error(`nats-server ended with code ${started.exitCode}: ${said}`);
      await delay(10);
    }
  };
  const stop = async (signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  };
  return {
    address: `127.0.0.1:${port}`,
    port,
    get pid() {
      return child?.pid;
    },
    start,
    stop,
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.destroy());
    let connected = false;
    socket.once('connect', () => (connected = true));
    socket.once('error', () => undefined);
    socket.once('close', () => resolve(connected));
  });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  natsControlUser,
  natsWorkerUser,
  postgresUrl,
  purge,
  type RunningStack,
  readSecret,
  secretFile,
  stackFoldersIn,
  startServers,
  temporalAddress,
} from '@tributary/devstack';
import type { KillSignal, Server } from './fault.js';

/** Servers of the driver's own: configured as `tributary up` does it, to be killed and started again. */
export interface ChaosServers {
  readonly stack: RunningStack;
  readonly namespace: string;
  readonly natsPort: number;
  readonly natsUrl: string;
  readonly postgresUrl: string;
  /** Environments of the control services and of agents. */
  readonly control: Readonly<Record<string, string>>;
  readonly worker: Readonly<Record<string, string>>;
  readonly controlUser: { readonly user: string; readonly pass: string };
  pidOf(server: Server): Promise<number>;
  /** Ends a server by a signal; resolves once its process is gone. */
  end(server: Server, signal: KillSignal): Promise<void>;
  start(server: Server): Promise<void>;
  /** Ends them all and removes their data. */
  close(): Promise<void>;
}

export async function openChaosServers(folder: string, report: (line: string) => void): Promise<ChaosServers> {
  const folders = stackFoldersIn(folder);
  const namespace = 'chaos';
  const tell = (line: string): void => {
    if (/usually|waiting/.test(line)) report(line);
  };
  const stack = await startServers(folders, {
    servers: ['postgres', 'nats', 'temporal'],
    namespaces: [namespace],
    report: tell,
  });
  const { ports } = stack.document;
  const shared = {
    TRIBUTARY_NAMESPACE: namespace,
    TRIBUTARY_NATS_URL: `nats://127.0.0.1:${ports.nats}`,
    TRIBUTARY_LOG_LEVEL: process.env.TRIBUTARY_LOG_LEVEL ?? 'info',
  };
  const pidOf = async (server: Server): Promise<number> =>
    (JSON.parse(await readFile(join(folders.processes, `${server}.json`), 'utf8')) as { pid: number }).pid;
  return {
    stack,
    namespace,
    natsPort: ports.nats,
    natsUrl: shared.TRIBUTARY_NATS_URL,
    postgresUrl: await postgresUrl(stack),
    control: {
      ...shared,
      TRIBUTARY_NATS_USER: natsControlUser,
      TRIBUTARY_NATS_PASSWORD_FILE: secretFile(folders, 'nats-control'),
      TRIBUTARY_POSTGRES_URL: await postgresUrl(stack),
      TRIBUTARY_TEMPORAL_ADDRESS: temporalAddress(stack),
      TRIBUTARY_API_PORT: String(ports.api),
      TRIBUTARY_API_TOKEN_FILE: secretFile(folders, 'api'),
    },
    worker: {
      ...shared,
      TRIBUTARY_NATS_USER: natsWorkerUser,
      TRIBUTARY_NATS_PASSWORD_FILE: secretFile(folders, 'nats-worker'),
      TRIBUTARY_DEVICE: 'cpu',
    },
    controlUser: { user: natsControlUser, pass: (await readSecret(secretFile(folders, 'nats-control'))) ?? '' },
    pidOf,
    end: async (server, signal) => {
      const pid = await pidOf(server);
      // Postgres's SIGTERM waits for its clients to go: its SIGINT is what a service's stop sends.
      process.kill(pid, server === 'postgres' && signal === 'SIGTERM' ? 'SIGINT' : signal);
      while (runs(pid)) await delay(20);
    },
    start: async (server) => {
      const migrate = () => Promise.resolve();
      await startServers(folders, { servers: [server], report: tell, migrate });
    },
    close: () => purge({ folders, report: () => undefined }),
  };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

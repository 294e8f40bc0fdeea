import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Beacon, natsNames } from '@tributary/protocol';
import type { TestServers } from '@tributary/testing';

const workerMain = resolve(import.meta.dirname, '../../services/worker/dist/main.js');

/** A real agent process, as `tributary up` starts it. */
export interface AgentProcess {
  readonly worker: string;
  readonly process: ChildProcess;
}

export interface AgentOptions {
  readonly worker: string;
  readonly namespace: string;
  readonly servers: TestServers;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts an agent and waits for its first beacon. */
export async function startAgent(connection: NatsConnection, options: AgentOptions): Promise<AgentProcess> {
  const { servers, worker, namespace } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tributary-agent-'));
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, servers.natsPassword, { mode: 0o600 });
  const heard = nextBeacon(connection, namespace, worker);
  const child = spawn(process.execPath, [workerMain], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      TRIBUTARY_NAMESPACE: namespace,
      TRIBUTARY_NATS_URL: servers.natsUrl,
      TRIBUTARY_NATS_USER: servers.natsUser,
      TRIBUTARY_NATS_PASSWORD_FILE: passwordFile,
      TRIBUTARY_WORKER_NAME: worker,
      TRIBUTARY_DEVICE: 'cpu',
      TRIBUTARY_LOG_LEVEL: process.env.TRIBUTARY_LOG_LEVEL ?? 'warn',
      ...options.env,
    },
  });
  const exited = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`agent ${worker} ended early with ${signal ?? `code ${code}`}`)));
  });
  await Promise.race([heard, exited]);
  exited.catch(() => undefined);
  return { worker, process: child };
}

/** The next beacon of a worker that satisfies a condition. */
export async function nextBeacon(
  connection: NatsConnection,
  namespace: string,
  worker: string,
  when: (beacon: Beacon) => boolean = () => true,
): Promise<Beacon> {
  const subscription = connection.subscribe(natsNames(namespace).beacon(worker));
  try {
    for await (const message of subscription) {
      const beacon = message.json<Beacon>();
      if (when(beacon)) return beacon;
    }
  } finally {
    subscription.unsubscribe();
  }
  throw new Error('the connection closed before the beacon came');
}

export async function stopAgent({ process: child }: AgentProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await exited;
}

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Beacon, natsNames } from '@tributary/protocol';
import type { TestServers } from '@tributary/testing';
import { ServiceProcess } from './service-process.js';

export interface AgentOptions {
  readonly worker: string;
  readonly namespace: string;
  readonly servers: TestServers;
  /** What it finds in its environment beside. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What every process of ours is told about NATS; the password lies in a file, as on a real machine. */
export async function natsEnvironment(servers: TestServers, namespace: string): Promise<Record<string, string>> {
  const passwordFile = join(await mkdtemp(join(tmpdir(), 'tributary-test-')), 'password');
  await writeFile(passwordFile, servers.natsPassword, { mode: 0o600 });
  return {
    TRIBUTARY_NAMESPACE: namespace,
    TRIBUTARY_NATS_URL: servers.natsUrl,
    TRIBUTARY_NATS_USER: servers.natsUser,
    TRIBUTARY_NATS_PASSWORD_FILE: passwordFile,
    TRIBUTARY_LOG_LEVEL: process.env.TRIBUTARY_LOG_LEVEL ?? 'warn',
  };
}

/** Starts a real agent process and waits for its first beacon. */
export async function startAgent(
  connection: NatsConnection,
  { servers, worker, namespace, settings = {} }: AgentOptions,
): Promise<ServiceProcess> {
  const heard = nextBeacon(connection, namespace, worker);
  const agent = new ServiceProcess(worker, 'worker', {
    ...process.env,
    ...settings,
    ...(await natsEnvironment(servers, namespace)),
    TRIBUTARY_WORKER_NAME: worker,
    TRIBUTARY_DEVICE: 'cpu',
  });
  await Promise.race([heard, agent.untilExit()]);
  return agent;
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

import { join } from 'node:path';
import {
  cacheFolder,
  exclusively,
  natsControlUser,
  postgresUrl,
  purge,
  readSecret,
  readStackDocument,
  secretFile,
  stackFoldersIn,
  startServers,
  temporalAddress,
} from '@tributary/devstack';
import { forgetThisProcess, noteThisProcess, othersUseTestServers } from './test-processes.js';

/** Addresses and credentials of the real servers that tests share. */
export interface TestServers {
  /** The servers' own database, as a superuser; take a database of your own by {@link temporaryDatabase}. */
  readonly postgresUrl: string;
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
  /** Where nats-server serves /varz and /jsz. */
  readonly natsMonitorUrl: string;
  readonly temporalAddress: string;
  /** Where the Temporal server serves /metrics: host and port. */
  readonly temporalMetricsAddress: string;
}

const folder = (): string => join(cacheFolder(), 'test-stack');
const users = (): string => join(folder(), 'users');
const folders = () => stackFoldersIn(folder());

/** Long steps are worth a line; the servers' comings and goings are not. */
const report = (line: string): void => {
  if (/usually|waiting/.test(line)) console.info(line);
};

/** Runs `work` while no other process starts or stops the test servers. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const waiting = 'Another test process starts or stops the servers; waiting for it';
  return exclusively(join(folder(), 'users.lock'), { waiting, timeoutMs: 1_800_000 }, work);
}

async function start(): Promise<TestServers> {
  // Each test brings its own database up to date, or tests just that.
  const migrate = () => Promise.resolve();
  const stack = await startServers(folders(), { servers: ['postgres', 'nats', 'temporal'], report, migrate });
  return {
    postgresUrl: await postgresUrl(stack),
    natsUrl: `nats://127.0.0.1:${stack.document.ports.nats}`,
    natsUser: natsControlUser,
    natsPassword: (await readSecret(secretFile(stack.folders, 'nats-control'))) ?? '',
    natsMonitorUrl: `http://127.0.0.1:${stack.document.ports.natsMonitor}`,
    temporalAddress: temporalAddress(stack),
    temporalMetricsAddress: `127.0.0.1:${stack.document.ports.temporalMetrics}`,
  };
}

let shared: Promise<TestServers> | null = null;

/**
 * The servers that all tests of this machine share: started at the first call, found again by later calls of any process,
 * and removed with their data at the end of the last test process (unless TRIBUTARY_KEEP_TEST_SERVERS=1).
 */
export function testServers(): Promise<TestServers> {
  // Before the lock: whoever is about to stop the servers sees it.
  noteThisProcess(users());
  shared ??= alone(start).catch((error: unknown) => {
    shared = null;
    throw error;
  });
  return shared;
}

/** Notes that this test process may use the shared servers, also before it starts them, until {@link leaveTestServers}. */
export function joinTestServers(): void {
  noteThisProcess(users());
}

/** Stops the shared servers unless another process uses them or TRIBUTARY_KEEP_TEST_SERVERS is 1. */
export async function leaveTestServers(): Promise<void> {
  forgetThisProcess(users());
  if (process.env.TRIBUTARY_KEEP_TEST_SERVERS === '1' || (await readStackDocument(folders())) === undefined) return;
  await alone(async () => {
    if (!othersUseTestServers(users())) await stop();
  });
}

/** Stops the shared servers, whoever started and uses them, and removes their data. */
export async function stopTestServers(): Promise<void> {
  await alone(stop);
}

async function stop(): Promise<void> {
  shared = null;
  // Streams and databases of tests that were killed would only pile up.
  await purge({ folders: folders(), report });
}

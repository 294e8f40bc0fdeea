import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from '@tributary/protocol';
import { natsUser, probeNats, startNats } from './nats.js';
import { postgresUrl, probePostgres, startPostgres } from './postgres.js';
import { isAlive, type ServerRecord, stopServer } from './server-process.js';
import { cacheFolder, exclusively, stackFolder } from './stack-folder.js';
import { probeTemporal, startTemporal } from './temporal.js';
import { forgetThisProcess, noteThisProcess, othersUseTestServers } from './test-processes.js';

/** Addresses and credentials of the real servers that tests share. */
export interface TestServers {
  /** Database `postgres` as a superuser; take a database of your own by {@link temporaryDatabase}. */
  readonly postgresUrl: string;
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
  /** @throws TributaryError `PREREQUISITE_MISSING` where the Temporal server has not been built. */
  readonly temporalAddress: string;
}

interface StackState {
  readonly password: string;
  readonly postgres?: ServerRecord;
  readonly nats?: ServerRecord;
  readonly temporal?: ServerRecord;
}

const stateFile = (): string => join(stackFolder(), 'servers.json');

async function readState(): Promise<StackState> {
  try {
    return JSON.parse(await readFile(stateFile(), 'utf8')) as StackState;
  } catch {
    return { password: randomBytes(16).toString('hex') };
  }
}

async function writeState(state: StackState): Promise<void> {
  await writeFile(`${stateFile()}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  await rename(`${stateFile()}.new`, stateFile());
}

/** A server's program: named by an environment variable, built into the cache, or on PATH. */
function findProgram(name: string): string | null {
  const named = process.env[`TRIBUTARY_${name.toUpperCase().replaceAll('-', '_')}`];
  if (named !== undefined && named !== '') return named;
  const folders = [join(cacheFolder(), 'bin'), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

async function keepOrStart(
  record: ServerRecord | undefined,
  probe: (record: ServerRecord) => Promise<void>,
  start: () => Promise<ServerRecord>,
): Promise<ServerRecord> {
  // A busy machine makes a server slow, not dead: others may be using it, so it is replaced only after a minute of silence.
  const deadline = Date.now() + 60_000;
  while (record !== undefined && isAlive(record)) {
    try {
      await probe(record);
      return record;
    } catch {
      if (Date.now() > deadline) await stopServer(record);
      else await delay(200);
    }
  }
  return start();
}

async function startAll(): Promise<TestServers> {
  const folder = stackFolder();
  let state = await readState();
  const { password } = state;
  const natsProgram = findProgram('nats-server');
  if (natsProgram === null)
    throw new TributaryError('PREREQUISITE_MISSING', 'nats-server was not found; run `make setup`, which builds it.');
  const temporalProgram = findProgram('temporal-server');
  await writeState(state);
  const [postgres, nats, temporal] = await Promise.allSettled([
    keepOrStart(
      state.postgres,
      (r) => probePostgres(r.port, password),
      () => startPostgres(folder, password),
    ),
    keepOrStart(
      state.nats,
      (r) => probeNats(r.port, password),
      () => startNats(folder, natsProgram, password),
    ),
    temporalProgram === null
      ? undefined
      : keepOrStart(
          state.temporal,
          (r) => probeTemporal(r.port),
          () => startTemporal(folder, temporalProgram),
        ),
  ]);
  const started = [postgres, nats, temporal].map((one) => (one.status === 'fulfilled' ? one.value : undefined));
  state = { password, postgres: started[0], nats: started[1], temporal: started[2] };
  // Also when one of them failed: the others must be found and ended later.
  await writeState(state);
  if (postgres.status === 'rejected') throw postgres.reason;
  if (nats.status === 'rejected') throw nats.reason;
  const temporalFailure = temporal.status === 'rejected' ? (temporal.reason as Error) : null;
  const temporalPort = state.temporal?.port;
  return {
    postgresUrl: postgresUrl(postgres.value.port, password),
    natsUrl: `nats://127.0.0.1:${nats.value.port}`,
    natsUser,
    natsPassword: password,
    get temporalAddress() {
      if (temporalPort !== undefined) return `127.0.0.1:${temporalPort}`;
      throw (
        temporalFailure ??
        new TributaryError('PREREQUISITE_MISSING', 'temporal-server was not found; run `make setup`, which builds it.')
      );
    },
  };
}

let shared: Promise<TestServers> | null = null;

/**
 * The servers that all tests of this machine share: started at the first call under a lock, found again by later calls of
 * any process, and stopped at the end of the last test process (unless TRIBUTARY_KEEP_TEST_SERVERS=1).
 */
export function testServers(): Promise<TestServers> {
  // Before the lock: whoever is about to stop the servers sees it.
  noteThisProcess();
  shared ??= exclusively(startAll).catch((error: unknown) => {
    shared = null;
    throw error;
  });
  return shared;
}

/** Notes that this test process may use the shared servers, also before it starts them, until {@link leaveTestServers}. */
export function joinTestServers(): void {
  noteThisProcess();
}

/** Stops the shared servers unless another process uses them or TRIBUTARY_KEEP_TEST_SERVERS is 1. */
export async function leaveTestServers(): Promise<void> {
  forgetThisProcess();
  if (process.env.TRIBUTARY_KEEP_TEST_SERVERS === '1' || !existsSync(stateFile())) return;
  await exclusively(async () => {
    if (!othersUseTestServers()) await stopAll();
  });
}

/** Stops the shared servers, whoever started and uses them, and removes their data. */
export async function stopTestServers(): Promise<void> {
  if (existsSync(stateFile())) await exclusively(stopAll);
}

async function stopAll(): Promise<void> {
  shared = null;
  const { password, ...servers } = await readState();
  const records = Object.values(servers).filter((record): record is ServerRecord => record !== undefined);
  await Promise.all(records.map(stopServer));
  await writeState({ password });
  // Streams and databases of tests that were killed would only pile up.
  for (const name of ['postgres', 'jetstream', 'temporal.db', 'temporal.db-shm', 'temporal.db-wal'])
    await rm(join(stackFolder(), name), { recursive: true, force: true });
}

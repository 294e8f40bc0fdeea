import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Launch } from '../processes/detached-process.js';
import { ensureServer } from '../servers/build-server.js';
import { goServers } from '../servers/release.js';
import type { Report } from '../setup/command.js';
import { writeWholeFile } from '../setup/whole-file.js';
import { readSecret, secretFile } from '../stack/secrets.js';
import { reasonOf, type Unit, type UnitContext } from '../stack/unit.js';
import { natsConfiguration, natsControlUser, natsRuntimeEnvironment } from './nats-configuration.js';

export function natsUnit(context: UnitContext): Unit {
  const address = `nats://127.0.0.1:${context.document.ports.nats}`;
  return {
    name: 'nats',
    address,
    launch: (report) => launchNats(context, report),
    check: () => reasonOf(() => askJetStream(context)),
    startTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 15_000,
  };
}

async function launchNats({ folders, document, env }: UnitContext, report: Report): Promise<Launch> {
  const binary = await ensureServer(goServers['nats-server'], { env, report });
  const storeFolder = join(folders.data, 'nats');
  await mkdir(storeFolder, { recursive: true, mode: 0o700 });
  const configuration = natsConfiguration({
    port: document.ports.nats,
    monitorPort: document.ports.natsMonitor,
    storeFolder,
    namespaces: document.namespaces,
    controlPassword: (await readSecret(secretFile(folders, 'nats-control'))) ?? '',
    workerPassword: (await readSecret(secretFile(folders, 'nats-worker'))) ?? '',
  });
  const file = join(folders.configuration, 'nats.json');
  await writeWholeFile(file, configuration, 0o600);
  // What the user has set for Go's programs goes first.
  const runtime = { ...natsRuntimeEnvironment, ...env };
  return { file: binary.path, args: ['--config', file], env: runtime, cwd: storeFolder };
}

async function askJetStream(context: UnitContext): Promise<void> {
  await asControl(context, async (connection) => {
    const answer: unknown = (await connection.request('$JS.API.INFO', undefined, { timeout: 3_000 })).json();
    if (typeof answer === 'object' && answer !== null && 'error' in answer) {
      throw new Error(`JetStream answers ${JSON.stringify(answer.error)}`);
    }
  });
}

/** Runs `work` with a connection of the user `control`, then closes it. */
export async function asControl<T>(
  { folders, document }: Pick<UnitContext, 'folders' | 'document'>,
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const connection = await connect({
    servers: `127.0.0.1:${document.ports.nats}`,
    user: natsControlUser,
    pass: await readSecret(secretFile(folders, 'nats-control')),
    timeout: 3_000,
    reconnect: false,
    name: 'tributary stack',
  });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

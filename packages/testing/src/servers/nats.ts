import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { freePort } from './free-port.js';
import { type ServerRecord, startServer } from './server-process.js';

export const natsUser = 'control';

export async function probeNats(port: number, password: string): Promise<void> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    user: natsUser,
    pass: password,
    timeout: 5_000,
    reconnect: false,
    maxReconnectAttempts: 0,
  });
  await connection.close();
}

export async function startNats(folder: string, program: string, password: string): Promise<ServerRecord> {
  await mkdir(join(folder, 'jetstream'), { recursive: true });
  const port = await freePort();
  // Loaded on demand, so that tests which need no server do not load the stack.
  const { natsMaxPayloadBytes, natsMaxPendingBytes } = await import('@tributary/devstack');
  const config = {
    host: '127.0.0.1',
    port,
    server_name: 'test',
    max_payload: natsMaxPayloadBytes,
    max_pending: natsMaxPendingBytes,
    jetstream: { store_dir: join(folder, 'jetstream'), max_file_store: 20 * 2 ** 30, max_memory_store: 2 ** 28 },
    authorization: { users: [{ user: natsUser, password }] },
  };
  // nats-server reads JSON as its own format.
  await writeFile(join(folder, 'nats.conf'), JSON.stringify(config, null, 2), { mode: 0o600 });
  return startServer({
    name: 'nats-server',
    file: program,
    args: ['-c', join(folder, 'nats.conf')],
    port,
    logFile: join(folder, 'nats.log'),
    probe: () => probeNats(port, password),
    timeoutMs: 60_000,
  });
}

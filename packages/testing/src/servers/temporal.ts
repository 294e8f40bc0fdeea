import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { type ServerRecord, startServer } from './server-process.js';

/** Temporal opens its frontend's port once it serves. */
export function probeTemporal(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(5_000, () => socket.destroy(new Error('timed out')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

export async function startTemporal(folder: string, program: string): Promise<ServerRecord> {
  const port = await freePort();
  return startServer({
    name: 'temporal-server',
    file: program,
    args: ['-db', join(folder, 'temporal.db'), '-port', String(port)],
    port,
    logFile: join(folder, 'temporal.log'),
    probe: () => probeTemporal(port),
    timeoutMs: 120_000,
  });
}

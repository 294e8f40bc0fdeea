import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { TributaryError } from '@tributary/protocol';
import type { NatsAccess, ServerAddress } from './nats-access.js';

/** Node's options for `tls.connect`, read from the files anew each time: certificates are renewed under a running process. */
export async function tlsOptions(tls: NatsAccess['tls'], server: ServerAddress): Promise<ConnectionOptions> {
  const { certFile, keyFile, caFile, handshakeFirst: _, ...rest } = tls ?? {};
  const options: ConnectionOptions = { rejectUnauthorized: true, ...rest, host: server.host };
  if (isIP(server.host) === 0) options.servername = server.host;
  if (certFile !== undefined) options.cert = await readPart(certFile, 'tls.certFile');
  if (keyFile !== undefined) options.key = await readPart(keyFile, 'tls.keyFile');
  if (caFile !== undefined) options.ca = await readPart(caFile, 'tls.caFile');
  return options;
}

async function readPart(file: string, option: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TributaryError('PREREQUISITE_MISSING', `${option} cannot be read: ${why}.`, { cause });
  });
}

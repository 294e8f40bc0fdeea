import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { natsControlUser, purge, readSecret, secretFile, stackFoldersIn, startServers } from '@tributary/devstack';
import { atEnd, report } from './run-bench.mjs';

/** Ticks of the processor's accounting in a second (Linux: always 100 for programs). */
const ticks = 100;

/** Processor seconds that a process has used, all threads together. */
export function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/**
 * A nats-server of the benchmark's own, configured as `tributary up` configures it, with JetStream provisioned, in a temporary
 * folder. It ends with the benchmark.
 */
export async function startPrivateNats() {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-nats-'));
  const folders = stackFoldersIn(folder);
  const stop = atEnd(async () => {
    await purge({ folders, report: () => undefined });
    await rm(folder, { recursive: true, force: true });
  });
  const stack = await startServers(folders, {
    servers: ['nats'],
    report: (line) => /usually|waiting/.test(line) && report(line),
  });
  const password = await readSecret(secretFile(folders, 'nats-control'));
  const { pid } = JSON.parse(await readFile(join(folders.processes, 'nats.json'), 'utf8'));
  const url = `nats://127.0.0.1:${stack.document.ports.nats}`;
  return {
    folders,
    document: stack.document,
    port: stack.document.ports.nats,
    url,
    user: natsControlUser,
    password,
    passwordFile: secretFile(folders, 'nats-control'),
    pid,
    cpuSeconds: () => cpuSecondsOf(pid),
    connect: () => connect({ servers: url, user: natsControlUser, pass: password }),
    stop,
  };
}

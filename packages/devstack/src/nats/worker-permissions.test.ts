import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsNames } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { down } from '../stack/down.js';
import { readSecret, type SecretName, secretFile } from '../stack/secrets.js';
import { stackFoldersIn } from '../stack/stack-folders.js';
import { type RunningStack, startServers } from '../stack/up.js';
import { natsControlUser, natsWorkerUser } from './nats-configuration.js';
import { provisionJetStream } from './provision-jetstream.js';

const names = natsNames('main');
const report = (): void => undefined;
let root: string;
let stack: RunningStack;
let control: NatsConnection;
let worker: NatsConnection;

async function connectAs(user: string, secret: SecretName): Promise<NatsConnection> {
  return connect({
    servers: `127.0.0.1:${stack.document.ports.nats}`,
    user,
    pass: await readSecret(secretFile(stack.folders, secret)),
  });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-permissions-'));
  stack = await startServers(stackFoldersIn(root), { servers: ['nats'], report });
  control = await connectAs(natsControlUser, 'nats-control');
  worker = await connectAs(natsWorkerUser, 'nats-worker');
  // A second time changes nothing.
  await provisionJetStream(control, 'main');
});

afterAll(async () => {
  await worker.close();
  await control.close();
  await down({ folders: stack.folders, report });
  await rm(root, { recursive: true, force: true });
});

describe('the NATS user of the agents', () => {
  it('reads and watches generations but cannot write one', async () => {
    const written = await new Kvm(control).open(names.generationsBucket);
    const read = await new Kvm(worker).open(names.generationsBucket);
    const watch = await read.watch();
    await written.put('run-1', 'generation 1');
    for await (const entry of watch) {
      expect([entry.key, entry.string()]).toEqual(['run-1', 'generation 1']);
      break;
    }
    expect((await read.get('run-1'))?.string()).toBe('generation 1');
    await expect(read.put('run-1', 'generation 2')).rejects.toThrow();
    await expect(read.delete('run-1')).rejects.toThrow();
    await expect(read.destroy()).rejects.toThrow();
    expect((await written.get('run-1'))?.string()).toBe('generation 1');
  });

  it('writes endings', async () => {
    const endings = await new Kvm(worker).open(names.endingsBucket);
    await endings.create('run-1.1.0', 'finished');
    expect((await endings.get('run-1.1.0'))?.string()).toBe('finished');
  });

  it('puts, replaces, reads and deletes objects', async () => {
    const objects = await new Objm(worker).open(names.objectsBucket);
    const data = new Uint8Array(300_000).fill(7);
    await objects.putBlob({ name: 'data/1' }, data);
    await objects.putBlob({ name: 'data/1' }, data);
    expect(await objects.getBlob('data/1')).toEqual(data);
    expect((await objects.info('data/1'))?.size).toBe(data.length);
    await objects.delete('data/1');
    const left = await objects.info('data/1');
    expect(left === null || left.deleted).toBe(true);
  });

  it('publishes records and events, beacons and gradients, and answers requests', async () => {
    const published = await jetstream(worker).publish(names.records('run-1'), '{}', { msgID: '1' });
    expect(published.stream).toBe(names.recordsStream);
    await jetstream(worker).publish(names.events('run-1'), '{}');
    const beacons = control.subscribe(names.beacon('*'), { max: 1 });
    const generation = names.exchange('run-1', 1, 1);
    const exchange = worker.subscribe(`${generation}.to.1.*`, { max: 1 });
    const broadcasts = worker.subscribe(`${generation}.all.*`, { max: 1 });
    await Promise.all([control.flush(), worker.flush()]);
    worker.publish(names.beacon('worker-1'), 'alive');
    worker.publish(`${generation}.to.1.0`, 'gradient');
    worker.publish(`${generation}.all.0`, 'sums');
    for await (const message of beacons) expect(message.string()).toBe('alive');
    for await (const message of exchange) expect(message.string()).toBe('gradient');
    for await (const message of broadcasts) expect(message.string()).toBe('sums');
    worker.subscribe(names.generate, {
      queue: 'generate',
      max: 1,
      callback: (_error, message) => {
        message.respond('text');
      },
    });
    await worker.flush();
    expect((await control.request(names.generate, '')).string()).toBe('text');
  });

  it('serves and asks for snapshots, and serves replays', async () => {
    const answers = (subject: string, answer: string): void => {
      worker.subscribe(subject, { callback: (_error, message) => void message.respond(answer) });
    };
    answers(names.snapshots('worker-1'), 'parts');
    answers(`${names.verify}.kind`, 'equal');
    await worker.flush();
    expect((await worker.request(names.snapshots('worker-1'), '')).string()).toBe('parts');
    expect((await control.request(names.snapshots('worker-1'), '')).string()).toBe('parts');
    expect((await control.request(`${names.verify}.kind`, '')).string()).toBe('equal');
  });

  it('can neither make nor change nor read other streams', async () => {
    await expect(
      jetstreamManager(worker).then((manager) => manager.streams.add({ name: 'other', subjects: ['other'] })),
    ).rejects.toThrow();
    const manager = await jetstreamManager(worker);
    await expect(manager.streams.purge(names.recordsStream)).rejects.toThrow();
    await expect(manager.streams.purge(`KV_${names.generationsBucket}`)).rejects.toThrow();
    await expect(manager.streams.delete(`KV_${names.generationsBucket}`)).rejects.toThrow();
    await expect(manager.consumers.add(names.recordsStream, { durable_name: 'thief' })).rejects.toThrow();
  });
});

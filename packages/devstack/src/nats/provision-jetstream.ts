import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsNames } from '@tributary/protocol';

const nanosecondsADay = 86_400e9;

type WantedStream = Pick<StreamConfig, 'name' | 'subjects'> & Partial<StreamConfig>;

/**
 * Makes the streams and buckets of a namespace, or brings their settings up to date; what they hold stays. Needs the user
 * `control`.
 */
export async function provisionJetStream(connection: NatsConnection, namespace: string): Promise<void> {
  const names = natsNames(namespace);
  const manager = await jetstreamManager(connection);
  await ensureStream(manager, {
    name: names.recordsStream,
    subjects: [names.records('*')],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // A full disk refuses new records, which their senders keep; it never drops one that was acknowledged.
    discard: DiscardPolicy.New,
  });
  await ensureStream(manager, {
    name: names.eventsStream,
    subjects: [names.events('*')],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // For those who watch now; what must last is in Postgres.
    discard: DiscardPolicy.Old,
    max_age: nanosecondsADay,
    max_msgs_per_subject: 10_000,
  });
  const values = new Kvm(connection);
  await values.create(names.generationsBucket, { history: 5, storage: StorageType.File });
  await values.create(names.endingsBucket, { history: 1, storage: StorageType.File });
  await new Objm(connection).create(names.objectsBucket, { storage: StorageType.File });
}

async function ensureStream(manager: JetStreamManager, wanted: WantedStream): Promise<void> {
  for await (const name of manager.streams.names()) {
    if (name !== wanted.name) continue;
    await manager.streams.update(wanted.name, wanted);
    return;
  }
  await manager.streams.add(wanted);
}

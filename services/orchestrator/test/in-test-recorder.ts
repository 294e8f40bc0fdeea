import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { writeManifest } from '@tributary/checkpoints';
import type { NatsNames, ObjectStore, RunRecord } from '@tributary/protocol';
import { addCheckpointPart, commitCheckpoint, type RunDatabase, writeRecords } from '@tributary/run-store';

/** Stores what agents publish, one record at a time: the recorder's job, without its batches and checks. */
export async function startRecorder(
  nc: NatsConnection,
  names: NatsNames,
  db: RunDatabase,
  objects: ObjectStore,
): Promise<() => Promise<void>> {
  const jsm = await jetstreamManager(nc);
  await jsm.consumers.add(names.recordsStream, { durable_name: 'recorder', ack_policy: AckPolicy.Explicit });
  const consumer = await jetstream(nc).consumers.get(names.recordsStream, 'recorder');
  const messages = await consumer.consume();
  const done = (async () => {
    for await (const message of messages) {
      const record = message.json<RunRecord>();
      if (record.kind === 'checkpoint-part') {
        const manifest = await addCheckpointPart(db, record.part);
        if (manifest !== null) {
          await writeManifest(objects, manifest);
          await commitCheckpoint(db, manifest);
        }
      } else await writeRecords(db, [record]);
      message.ack();
    }
  })();
  return async () => {
    await messages.close();
    await done;
  };
}

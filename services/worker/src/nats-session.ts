import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { openObjects, parseCheckpointLocation } from '@tributary/checkpoints';
import type { ObjectStore } from '@tributary/protocol';
import { connectNats, type UntilThereOptions, untilThere } from '@tributary/service-runtime';
import type { WorkerEnvironment } from './environment.js';

/** The one outbound connection of an agent, a trainer or a generator. */
export interface NatsSession {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly objects: ObjectStore;
  readonly generations: KV;
  readonly endings: KV;
}

/** Connects and opens what the worker user may use; waits for a server that is away. */
export async function openSession(
  { names, nats, checkpointStore }: WorkerEnvironment,
  name: string,
  waiting: Omit<UntilThereOptions, 'what'>,
): Promise<NatsSession> {
  const checkpoints = parseCheckpointLocation(checkpointStore);
  const connection = await connectNats(nats, name, waiting);
  const kvm = new Kvm(connection);
  const [objects, generations, endings] = await untilThere(
    () =>
      Promise.all([
        openObjects(connection, names.objectsBucket, checkpoints),
        kvm.open(names.generationsBucket),
        kvm.open(names.endingsBucket),
      ]),
    { ...waiting, what: 'JetStream' },
  );
  return { connection, stream: jetstream(connection), objects, generations, endings };
}

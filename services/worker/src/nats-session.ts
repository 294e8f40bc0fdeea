import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsStore } from '@tributary/checkpoints';
import type { ObjectStore } from '@tributary/protocol';
import type { WorkerEnvironment } from './environment.js';

/** The one outbound connection of an agent, a trainer or a generator. */
export interface NatsSession {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly objects: ObjectStore;
  readonly generations: KV;
  readonly endings: KV;
}

/** Connects and opens what the worker user may use; reconnects for ever. */
export async function openSession(environment: WorkerEnvironment, name: string): Promise<NatsSession> {
  const { names } = environment;
  const connection = await connect({
    servers: environment.natsUrl,
    user: environment.natsUser,
    pass: environment.natsPassword,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
  });
  const stream = jetstream(connection);
  const kvm = new Kvm(connection);
  return {
    connection,
    stream,
    objects: await natsStore(connection, names.objectsBucket),
    generations: await kvm.open(names.generationsBucket),
    endings: await kvm.open(names.endingsBucket),
  };
}

import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';

/** Name of the durable consumer: recorders of one installation share it, and each message goes to one of them. */
export const recordsConsumerName = 'recorder';

/**
 * Opens the durable pull consumer of the records stream, made where it is not there yet. What is not acknowledged is delivered
 * again, for ever.
 */
export async function openRecordsConsumer(
  connection: NatsConnection,
  stream: string,
  limits: { readonly maxUnacknowledged: number; readonly ackWaitMs: number },
): Promise<Consumer> {
  const { maxUnacknowledged, ackWaitMs } = limits;
  const manager = await jetstreamManager(connection);
  const config: ConsumerConfig = {
    durable_name: recordsConsumerName,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: maxUnacknowledged,
    max_deliver: -1,
  } as ConsumerConfig;
  const known = await manager.consumers.info(stream, recordsConsumerName).catch(() => null);
  if (known === null) await manager.consumers.add(stream, config);
  else if (known.config.max_ack_pending !== maxUnacknowledged || known.config.ack_wait !== nanos(ackWaitMs))
    await manager.consumers.update(stream, recordsConsumerName, {
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: maxUnacknowledged,
    });
  return await jetstream(connection).consumers.get(stream, recordsConsumerName);
}

/** Sequence in the stream up to which every message has been settled. */
export async function settledThrough(connection: NatsConnection, stream: string): Promise<number> {
  const manager = await jetstreamManager(connection);
  return (await manager.consumers.info(stream, recordsConsumerName)).ack_floor.stream_seq;
}

/**
 * Removes from the stream what the consumer has settled without a gap: it is in Postgres. Else the stream would grow for ever,
 * and a full disk would refuse new records.
 * @returns how many messages were removed
 */
export async function purgeRecorded(connection: NatsConnection, stream: string): Promise<number> {
  const settled = await settledThrough(connection, stream);
  if (settled === 0) return 0;
  const { purged } = await (await jetstreamManager(connection)).streams.purge(stream, { seq: settled + 1 });
  return purged;
}

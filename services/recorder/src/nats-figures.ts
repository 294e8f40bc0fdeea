import type { Metrics } from '@tributary/telemetry';
import { replaceCounts } from './replace-counts.js';

const timeoutMs = 5_000;

/** What is taken from `/varz` of nats-server. */
interface Varz {
  readonly connections: number;
  readonly subscriptions: number;
  readonly mem: number;
  /** Percent of one core. */
  readonly cpu: number;
  readonly in_msgs: number;
  readonly out_msgs: number;
  readonly in_bytes: number;
  readonly out_bytes: number;
  readonly slow_consumers: number;
}

/** What is taken from `/jsz?consumers=true&config=true`. */
interface Jsz {
  readonly memory: number;
  readonly storage: number;
  readonly api: { readonly total: number; readonly errors: number };
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly state: { readonly messages: number; readonly bytes: number };
      readonly consumer_detail?: readonly {
        readonly name: string;
        readonly config?: { readonly durable_name?: string };
        readonly num_pending: number;
        readonly num_ack_pending: number;
        readonly num_redelivered: number;
      }[];
    }[];
  }[];
}

/** Tells what nats-server says of itself at its monitoring port. @throws where it does not answer */
export async function tellNats(metrics: Metrics, monitorUrl: string): Promise<void> {
  const [varz, jsz] = await Promise.all([
    ask<Varz>(monitorUrl, '/varz'),
    ask<Jsz>(monitorUrl, '/jsz?consumers=true&config=true'),
  ]);
  metrics.natsUp.set(1);
  metrics.natsConnections.set(varz.connections);
  metrics.natsSubscriptions.set(varz.subscriptions);
  metrics.natsMemoryBytes.set(varz.mem);
  metrics.natsCpuRatio.set(varz.cpu / 100);
  replaceCounts(metrics.natsMessagesTotal, [
    [{ direction: 'in' }, varz.in_msgs],
    [{ direction: 'out' }, varz.out_msgs],
  ]);
  replaceCounts(metrics.natsBytesTotal, [
    [{ direction: 'in' }, varz.in_bytes],
    [{ direction: 'out' }, varz.out_bytes],
  ]);
  replaceCounts(metrics.natsSlowConsumersTotal, [[{}, varz.slow_consumers]]);
  tellJetStream(metrics, jsz);
}

/** What nobody answers for is not told. */
export function natsIsAway(metrics: Metrics): void {
  metrics.natsUp.set(0);
  for (const gauge of [
    metrics.natsConnections,
    metrics.natsSubscriptions,
    metrics.natsMemoryBytes,
    metrics.natsCpuRatio,
    metrics.natsJetstreamMemoryBytes,
    metrics.natsJetstreamStorageBytes,
  ])
    gauge.remove({});
  resetStreams(metrics);
}

function tellJetStream(metrics: Metrics, { memory, storage, api, account_details = [] }: Jsz): void {
  metrics.natsJetstreamMemoryBytes.set(memory);
  metrics.natsJetstreamStorageBytes.set(storage);
  replaceCounts(metrics.natsJetstreamApiRequestsTotal, [[{}, api.total]]);
  replaceCounts(metrics.natsJetstreamApiErrorsTotal, [[{}, api.errors]]);
  resetStreams(metrics);
  for (const { name: stream, state, consumer_detail = [] } of account_details.flatMap(
    (one) => one.stream_detail ?? [],
  )) {
    metrics.natsStreamMessages.set({ stream }, state.messages);
    metrics.natsStreamBytes.set({ stream }, state.bytes);
    // Those of watches have names of the moment.
    for (const consumer of consumer_detail.filter(({ config }) => config?.durable_name)) {
      const labels = { stream, consumer: consumer.name };
      metrics.natsConsumerPendingMessages.set(labels, consumer.num_pending);
      metrics.natsConsumerUnacknowledgedMessages.set(labels, consumer.num_ack_pending);
      metrics.natsConsumerRedeliveredMessages.set(labels, consumer.num_redelivered);
    }
  }
}

function resetStreams(metrics: Metrics): void {
  for (const gauge of [
    metrics.natsStreamMessages,
    metrics.natsStreamBytes,
    metrics.natsConsumerPendingMessages,
    metrics.natsConsumerUnacknowledgedMessages,
    metrics.natsConsumerRedeliveredMessages,
  ])
    gauge.reset();
}

async function ask<T>(monitorUrl: string, path: string): Promise<T> {
  const response = await fetch(new URL(path, monitorUrl), { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`nats-server answered ${path} with ${response.status}`);
  return (await response.json()) as T;
}

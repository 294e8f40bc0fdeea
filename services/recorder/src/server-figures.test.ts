import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { openDatabase, type RunDatabase } from '@tributary/run-store';
import { createLogger, createMetrics, type Metrics } from '@tributary/telemetry';
import { freePort, temporaryDatabase, temporaryNamespace, testServers } from '@tributary/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { tellServers } from './server-figures.js';

const logger = createLogger({ service: 'test', level: 'silent' });
const stream = temporaryNamespace();
let nats: NatsConnection;
let db: RunDatabase;
let drop: () => Promise<void>;
let natsMonitorUrl: string;

beforeAll(async () => {
  const servers = await testServers();
  natsMonitorUrl = servers.natsMonitorUrl;
  nats = await connect({ servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword });
  const database = await temporaryDatabase();
  db = openDatabase(database.url);
  drop = database.drop;
});
afterAll(async () => {
  await jetstreamManager(nats).then((manager) => manager.streams.delete(stream));
  await nats.close();
  await db.destroy();
  await drop();
});

/** Series of a metric as one scrape has them: labels → value. */
async function series(metrics: Metrics, name: string): Promise<Record<string, number>> {
  const lines = (await metrics.scrape()).split('\n').filter((line) => new RegExp(`^tributary_${name}[{ ]`).test(line));
  return Object.fromEntries(
    lines.map((line) => [/\{(.*)\}/.exec(line)?.[1] ?? '', Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

it('tells what nats-server and Postgres say of themselves, and nothing of a watch that lasts a moment', async () => {
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
  await manager.consumers.add(stream, { durable_name: 'reader', ack_policy: 'explicit' });
  await manager.consumers.add(stream, { name: 'passing', ack_policy: 'explicit' });
  for (let index = 0; index < 3; index += 1) await jetstream(nats).publish(`${stream}.a`, 'message');
  const consumer = await jetstream(nats).consumers.get(stream, 'reader');
  expect(await consumer.next()).not.toBeNull();

  const metrics = createMetrics();
  const stops = tellServers({ db, metrics, logger, natsMonitorUrl, everyMs: 50 });
  const ofReader = `stream="${stream}",consumer="reader"`;
  await vi.waitFor(async () => {
    expect(await series(metrics, 'nats_up')).toEqual({ '': 1 });
    expect((await series(metrics, 'nats_stream_messages'))[`stream="${stream}"`]).toBe(3);
    const pending = await series(metrics, 'nats_consumer_pending_messages');
    expect(pending[ofReader]).toBe(2);
    expect(Object.keys(pending).some((labels) => labels.includes('passing'))).toBe(false);
    expect((await series(metrics, 'nats_consumer_unacknowledged_messages'))[ofReader]).toBe(1);
    const messages = await series(metrics, 'nats_messages_total');
    expect(messages['direction="in"']).toBeGreaterThan(3);
    expect((await series(metrics, 'nats_connections'))['']).toBeGreaterThan(0);
    expect(await series(metrics, 'postgres_up')).toEqual({ '': 1 });
    const connections = await series(metrics, 'postgres_connections');
    expect(connections['state="active"']).toBeGreaterThan(0);
    expect((await series(metrics, 'postgres_transactions_total'))['outcome="committed"']).toBeGreaterThan(0);
  }, 30_000);
  await Promise.all(stops.map((stop) => stop()));
}, 90_000);

it('says so where a server does not answer, and takes back what it said before', async () => {
  const metrics = createMetrics();
  metrics.natsConnections.set(3);
  metrics.natsStreamMessages.set({ stream: 'old' }, 7);
  metrics.postgresDatabaseBytes.set(9);
  const port = await freePort();
  const away = openDatabase(`postgres://nobody@127.0.0.1:${port}/nothing`);
  const url = `http://127.0.0.1:${port}`;
  const stops = tellServers({ db: away, metrics, logger, natsMonitorUrl: url, everyMs: 50 });
  await vi.waitFor(async () => {
    expect(await series(metrics, 'nats_up')).toEqual({ '': 0 });
    expect(await series(metrics, 'postgres_up')).toEqual({ '': 0 });
  }, 30_000);
  for (const name of ['nats_connections', 'nats_stream_messages', 'postgres_database_bytes'])
    expect(await series(metrics, name), name).toEqual({});
  await Promise.all(stops.map((stop) => stop()));
  await away.destroy();
}, 60_000);

it('tells nothing of a server that nobody asks', async () => {
  expect(await series(createMetrics(), 'nats_up')).toEqual({});
  expect(await series(createMetrics(), 'queue_depth')).toEqual({});
});

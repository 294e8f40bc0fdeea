import { jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { provisionJetStream } from '@tributary/devstack';
import { natsNames } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { temporaryNamespace, testServers } from '@tributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchGenerations } from './watch-generations.js';

const namespace = temporaryNamespace();
const { generationsBucket } = natsNames(namespace);
let connection: NatsConnection;
let bucket: KV;

beforeAll(async () => {
  const { natsUrl, natsUser, natsPassword } = await testServers();
  connection = await connect({ servers: natsUrl, user: natsUser, pass: natsPassword });
  await provisionJetStream(connection, namespace);
  bucket = await new Kvm(connection).open(generationsBucket);
});
afterAll(() => connection.close());

it('tells standing documents from new ones, and sees those that its watch has missed', async () => {
  const put = (run: string) => bucket.put(run, JSON.stringify({ run }));
  const seen: [string, boolean][] = [];
  let wake = (): void => {};
  const untilSeen = async (count: number): Promise<void> => {
    while (seen.length < count)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  await put('first');
  await put('second');
  const watch = await watchGenerations(
    bucket,
    async ({ run }, known) => {
      seen.push([run, known]);
      wake();
    },
    createLogger({ service: 'test', level: 'silent' }),
    { checkEveryMs: 50 },
  );
  await untilSeen(2);
  await put('third');
  await untilSeen(3);

  // As the server does with a watch whose client was away for minutes: no word to the client.
  const { consumers } = await jetstreamManager(connection);
  for await (const { name } of consumers.list(`KV_${generationsBucket}`))
    await consumers.delete(`KV_${generationsBucket}`, name);
  await put('fourth');
  await untilSeen(4);
  watch.stop();
  expect(seen).toEqual([
    ['first', true],
    ['second', true],
    ['third', false],
    ['fourth', false],
  ]);
});

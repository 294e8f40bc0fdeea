import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { TributaryError } from '@tributary/protocol';
import { objectStoreCompliance, temporaryNamespace, testServers } from '@tributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsStore } from './nats-store.js';

let connections: NatsConnection[] = [];
const buckets: string[] = [];
const connection = (index = 0): NatsConnection => connections[index] as NatsConnection;
const newBucket = async (): Promise<string> => {
  const bucket = `${temporaryNamespace()}_objects`;
  await new Objm(jetstream(connection())).create(bucket);
  buckets.push(bucket);
  return bucket;
};

beforeAll(async () => {
  const { natsUrl, natsUser, natsPassword } = await testServers();
  const options = { servers: natsUrl, user: natsUser, pass: natsPassword };
  connections = [await connect(options), await connect(options)];
});
afterAll(async () => {
  const jsm = await jetstreamManager(connection());
  for (const bucket of buckets) await jsm.streams.delete(`OBJ_${bucket}`);
  for (const each of connections) await each.close();
});

describe('natsStore', () => {
  const cases = objectStoreCompliance(async () => {
    const bucket = await newBucket();
    return { store: await natsStore(connection(), bucket), again: () => natsStore(connection(1), bucket) };
  });
  for (const each of cases) it(each.name, each.run);

  it('leaves no data behind that no entry names', async () => {
    const bucket = await newBucket();
    const stores = [await natsStore(connection(), bucket), await natsStore(connection(1), bucket)];
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => (stores[i % 2] as (typeof stores)[0]).put('raced', new Uint8Array(700_000))),
    );
    const jsm = await jetstreamManager(connection());
    const messages = async () => (await jsm.streams.info(`OBJ_${bucket}`)).state.messages;
    expect(await messages()).toBe(3); // two chunks and an entry
    await stores[0]?.delete('raced');
    expect(await messages()).toBe(0);
  });

  it('refuses an object with missing or changed data', async () => {
    const bucket = await newBucket();
    const store = await natsStore(connection(), bucket);
    const jsm = await jetstreamManager(connection());
    const damaged = async (key: string): Promise<string> => {
      const error = await store.get(key).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TributaryError);
      expect((error as TributaryError).code).toBe('CHECKPOINT_CORRUPT');
      return (error as Error).message;
    };
    const objects = await new Objm(jetstream(connection())).open(bucket);
    const chunksOf = async (key: string) => `$O.${bucket}.C.${(await objects.info(key))?.nuid}`;
    await store.put('a', new Uint8Array(1_500_000));
    await jsm.streams.purge(`OBJ_${bucket}`, { filter: await chunksOf('a'), keep: 2 });
    expect(await damaged('a')).toMatch(/do not match its SHA-256/);
    await store.put('b', new Uint8Array(100));
    await jsm.streams.purge(`OBJ_${bucket}`, { filter: await chunksOf('b') });
    await damaged('b');
    await jetstream(connection()).publish(await chunksOf('b'), new Uint8Array(100).fill(1));
    await damaged('b');
    expect(await store.has('b')).toBe(true);
  });

  it('says which bucket is missing', async () => {
    await expect(natsStore(connection(), 'no_such_bucket')).rejects.toThrow(/no_such_bucket/);
  });
});

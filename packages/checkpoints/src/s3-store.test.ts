import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointPartKey, type ObjectStore, type RunId } from '@tributary/protocol';
import { objectStoreCompliance, type S3Server, s3Server } from '@tributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePart, manifestOf, newestIntact, writeManifest } from './index.js';
import { s3Store } from './s3-store.js';

let server: S3Server;
const before = { ...process.env };
let stores = 0;
const open = (prefix: string): Promise<ObjectStore> =>
  s3Store({ bucket: server.bucket, prefix, endpoint: server.endpoint, region: 'us-east-1' });

beforeAll(async () => {
  server = await s3Server();
  Object.assign(process.env, server.credentials);
}, 300_000);
afterAll(async () => {
  process.env = before;
  await server.remove();
});

describe('s3Store', () => {
  const cases = objectStoreCompliance(async () => {
    stores += 1;
    const prefix = `store-${stores}/`;
    return { store: await open(prefix), again: () => open(prefix) };
  });
  for (const each of cases) it(each.name, each.run);

  it('says what to check where the bucket, the credentials or the server are wrong', async () => {
    const { bucket, endpoint } = server;
    const location = { bucket, prefix: '', endpoint, region: 'us-east-1' };
    await expect(s3Store({ ...location, bucket: 'elsewhere' })).rejects.toThrow(/s3:\/\/elsewhere.*bucket exists.*404/);
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    await expect(s3Store(location)).rejects.toThrow(/AWS_SECRET_ACCESS_KEY.*403/);
    Object.assign(process.env, server.credentials);
    await expect(s3Store({ ...location, endpoint: 'http://127.0.0.1:9' })).rejects.toMatchObject({
      code: 'SERVER_FAILED',
    });
  });

  it('keeps checkpoints, and a damaged one is passed over for the one before', async () => {
    const store = await open('damaged/');
    const keys: string[] = [];
    for (const step of [10, 20]) {
      const tensors = { x: { shape: [2], data: Float32Array.of(step, 1) } };
      const { bytes, ...encoded } = encodePart({ tensors, metadata: {} });
      const key = checkpointPartKey('r', step, 1, 'shared');
      const origin = { run: 'r' as RunId, attempt: 1, generation: 1, step };
      await store.put(key, bytes);
      keys.unshift(
        await writeManifest(store, manifestOf([{ ...origin, ...encoded, part: 'shared', parts: ['shared'], key }])),
      );
    }
    expect((await newestIntact(store, keys)).checkpoint?.manifest.step).toBe(20);
    const file = join(server.folder, 'damaged', checkpointPartKey('r', 20, 1, 'shared'));
    const bytes = await readFile(file);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    await writeFile(file, bytes);
    const { checkpoint, skipped } = await newestIntact(store, keys);
    expect(checkpoint?.manifest.step).toBe(10);
    expect(skipped[0]?.reason).toMatch(/g1-shared.*is damaged/);
  });
});

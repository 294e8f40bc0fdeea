import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpointLocation, withCheckpointStore } from './checkpoint-store.js';
import { directoryStore } from './directory-store.js';

describe('parseCheckpointLocation', () => {
  it('reads NATS, a folder and S3', () => {
    expect(parseCheckpointLocation('nats')).toEqual({ kind: 'nats' });
    expect(parseCheckpointLocation('file:///mnt/shared%20disk')).toEqual({
      kind: 'directory',
      folder: '/mnt/shared disk',
    });
    expect(parseCheckpointLocation('s3://training')).toEqual({
      kind: 's3',
      bucket: 'training',
      prefix: '',
      endpoint: null,
      region: 'us-east-1',
    });
    expect(parseCheckpointLocation('s3://b/team/a/?endpoint=http://127.0.0.1:7070&region=local')).toEqual({
      kind: 's3',
      bucket: 'b',
      prefix: 'team/a/',
      endpoint: 'http://127.0.0.1:7070',
      region: 'local',
    });
  });

  it.each([
    ['somewhere', 'is not an address'],
    ['ftp://host/x', 'unknown scheme "ftp:"'],
    ['file://host/x', 'names a host'],
    ['file:///', 'names no folder'],
    ['s3:///prefix', 'names no bucket'],
    ['s3://b?zone=1', 'unknown setting "zone"'],
    ['s3://b?endpoint=localhost', 'no http address'],
  ])('refuses %s', (text, what) => {
    expect(() => parseCheckpointLocation(text)).toThrow(what);
  });
});

describe('withCheckpointStore', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tributary-store-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('sends checkpoints to their place, and nothing else', async () => {
    const objects = directoryStore(join(root, 'objects'));
    expect(await withCheckpointStore(objects, { kind: 'nats' })).toBe(objects);
    const folder = join(root, 'shared');
    const store = await withCheckpointStore(objects, { kind: 'directory', folder });
    await store.put('data/abc', Uint8Array.of(1));
    await store.put('checkpoints/r/1/manifest.json', Uint8Array.of(2));
    expect(await readdir(join(root, 'objects'))).not.toContain('checkpoints');
    expect(await readdir(folder)).toContain('checkpoints');
    expect(await store.get('checkpoints/r/1/manifest.json')).toEqual(Uint8Array.of(2));
    expect(await store.has('data/abc')).toBe(true);
    expect(await store.list('')).toEqual(['checkpoints/r/1/manifest.json', 'data/abc']);
    expect(await store.list('checkpoints/r')).toEqual(['checkpoints/r/1/manifest.json']);
    await store.delete('checkpoints/r/1/manifest.json');
    expect(await store.has('checkpoints/r/1/manifest.json')).toBe(false);
  });
});

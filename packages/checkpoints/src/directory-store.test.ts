import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { objectStoreCompliance } from '@tributary/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { directoryStore } from './directory-store.js';

const folders: string[] = [];
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'));
  folders.push(folder);
  return folder;
};
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

describe('directoryStore', () => {
  const cases = objectStoreCompliance(async () => {
    const folder = join(await newFolder(), 'not', 'there', 'yet');
    return { store: directoryStore(folder), again: async () => directoryStore(folder) };
  });
  for (const each of cases) it(each.name, each.run);

  it('leaves nothing behind: no empty folder, no file of a killed writer', async () => {
    const folder = await newFolder();
    const store = directoryStore(folder);
    await store.put('a/b/c', new Uint8Array(3));
    await store.delete('a/b/c');
    expect(await readdir(folder)).toEqual(['.incoming']);
    const abandoned = join(folder, '.incoming', 'abandoned');
    await writeFile(abandoned, 'half');
    await utimes(abandoned, 1, 1);
    await writeFile(join(folder, '.incoming', 'of-a-live-writer'), 'half');
    await directoryStore(folder).put('x', new Uint8Array(1));
    expect(await readdir(join(folder, '.incoming'))).toEqual(['of-a-live-writer']);
    expect(await store.list('')).toEqual(['x']);
  });

  it('says what failed when it cannot write, and keeps the old object', async () => {
    const folder = await newFolder();
    const store = directoryStore(folder);
    await store.put('a', new Uint8Array([1]));
    const failure = await store.put('a/b', new Uint8Array([2])).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TributaryError);
    expect((failure as TributaryError).code).toBe('SERVER_FAILED');
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
    expect(await store.list('')).toEqual(['a']);
    expect([...(await store.get('a'))]).toEqual([1]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CheckpointPart,
  checkpointKey,
  checkpointPartKey,
  type ErrorCode,
  type ObjectStore,
  type RunId,
  TributaryError,
} from '@tributary/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadCheckpoint, newestIntact, pruneCheckpoint, writeManifest } from './checkpoint.js';
import { directoryStore } from './directory-store.js';
import { decodeManifest, encodeManifest, manifestOf } from './manifest.js';
import { encodePart } from './part.js';
import type { Tensors } from './tensors.js';

const run = 'words-abcdefgh' as RunId;
const names = ['shared', 'task-spell'];
const stateOf = (part: string, step: number): Tensors => ({
  parameters: { shape: [4], data: Float32Array.of(part.length, step, 3, 4) },
  cursors: { shape: [1, 2], data: Int32Array.of(step, 7) },
});

let folder = '';
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
});
afterAll(() => rm(folder, { recursive: true }));
let test = 0;
beforeEach(() => {
  store = directoryStore(join(folder, String(test++)));
});

async function writePart(part: string, step: number, generation = 1): Promise<CheckpointPart> {
  const { bytes, sizeBytes, sha256, stateHash } = encodePart({ tensors: stateOf(part, step), metadata: { part } });
  const key = checkpointPartKey(run, step, generation, part);
  await store.put(key, bytes);
  return { run, attempt: 1, generation, step, part, parts: names, key, sizeBytes, sha256, stateHash };
}
async function write(step: number): Promise<string> {
  const parts = [await writePart('task-spell', step), await writePart('shared', step)];
  return writeManifest(store, manifestOf(parts));
}
const codeOf = async (promise: Promise<unknown>): Promise<[ErrorCode, string]> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TributaryError);
  return [(error as TributaryError).code, (error as Error).message];
};

describe('checkpoint', () => {
  it('is read back as it was written', async () => {
    const key = await write(200);
    expect(key).toBe(checkpointKey(run, 200));
    const checkpoint = await loadCheckpoint(store, key);
    expect(checkpoint.manifest.parts.map(({ part }) => part)).toEqual(names);
    expect(await checkpoint.part('shared')).toEqual(stateOf('shared', 200));
    expect((await checkpoint.content('task-spell')).metadata).toEqual({ part: 'task-spell' });
    await checkpoint.verify();
    expect((await codeOf(checkpoint.part('task-x')))[1]).toMatch(/no part "task-x"; it has shared, task-spell/);
  });

  it('has a state hash that follows from the state alone', async () => {
    const at = async (step: number, generation: number) =>
      manifestOf([await writePart('shared', step, generation), await writePart('task-spell', step, generation)])
        .stateHash;
    expect(await at(1, 1)).toBe(await at(1, 2));
    expect(await at(1, 1)).not.toBe(await at(2, 1));
    const parts = [await writePart('shared', 1), await writePart('task-spell', 1)] as const;
    expect(manifestOf([parts[1], parts[0]])).toEqual(manifestOf(parts));
    expect(() => manifestOf([parts[0]])).toThrow(/"task-spell" .* is there 0 times/);
    expect(() => manifestOf([parts[0], parts[0], parts[1]])).toThrow(/2 times/);
    expect(() => manifestOf([parts[0], { ...parts[1], step: 2 }])).toThrow(RangeError);
    expect(() => manifestOf([])).toThrow(RangeError);
  });

  it('tells every damage, and the newest intact one is found', async () => {
    const older = await write(100);
    const key = await write(200);
    expect((await newestIntact(store, [key, older])).checkpoint?.manifest.step).toBe(200);
    const part = checkpointPartKey(run, 200, 1, 'task-spell');
    const whole = await store.get(part);
    const flipped = whole.slice();
    flipped[whole.length - 1] = (flipped[whole.length - 1] as number) ^ 1;
    const damages: [string, () => Promise<void>, RegExp][] = [
      ['bit', () => store.put(part, flipped), /SHA-256 differs/],
      ['truncated', () => store.put(part, whole.subarray(0, -4)), /has \d+ bytes where its manifest says \d+/],
      ['empty', () => store.put(part, new Uint8Array(0)), /has 0 bytes/],
      ['missing', () => store.delete(part), /is missing/],
    ];
    for (const [, damage, message] of damages) {
      await damage();
      const checkpoint = await loadCheckpoint(store, key);
      const [code, text] = await codeOf(checkpoint.verify());
      expect(code).toBe('CHECKPOINT_CORRUPT');
      expect(text).toMatch(message);
      expect(text).toContain('task-spell');
      const found = await newestIntact(store, [key, older]);
      expect(found.checkpoint?.manifest.step).toBe(100);
      expect(found.skipped.map((each) => each.key)).toEqual([key]);
      await store.put(part, whole);
    }
    await store.delete(key);
    expect((await codeOf(loadCheckpoint(store, key)))[0]).toBe('CHECKPOINT_NOT_FOUND');
    expect(await newestIntact(store, [key])).toMatchObject({ checkpoint: null, skipped: [{ key }] });
  });

  it('refuses a damaged manifest', async () => {
    const { manifest } = await loadCheckpoint(store, await write(5));
    const bytes = encodeManifest(manifest);
    expect(decodeManifest(bytes, 'it')).toEqual(manifest);
    for (let size = 0; size < bytes.length - 1; size += 7)
      expect(() => decodeManifest(bytes.subarray(0, size), 'it')).toThrow(TributaryError);
    const changed = (change: object): Uint8Array =>
      new TextEncoder().encode(JSON.stringify({ ...manifest, ...change }));
    const [shared, spell] = manifest.parts;
    for (const change of [
      { format: 'other' },
      { step: -1 },
      { step: '5' },
      { run: 7 },
      { stateHash: '0'.repeat(64) },
      { parts: [] },
      { parts: [shared] },
      { parts: [spell, shared] },
      { parts: [shared, shared] },
      { parts: [shared, { ...spell, sizeBytes: 1.5 }] },
      { parts: [shared, { ...spell, stateHash: shared?.stateHash }] },
      { parts: [shared, null] },
    ])
      expect(() => decodeManifest(changed(change), 'it'), JSON.stringify(change)).toThrow(TributaryError);
    expect(() => decodeManifest(new TextEncoder().encode('null'), 'it')).toThrow(TributaryError);
  });

  it('is pruned with every part of its step, and nothing else', async () => {
    const kept = await write(100);
    await write(200);
    await writePart('shared', 200, 9);
    await pruneCheckpoint(store, run, 200);
    await pruneCheckpoint(store, run, 200);
    expect(await store.list(`checkpoints/${run}/000000200`)).toEqual([]);
    await (await loadCheckpoint(store, kept)).verify();
  });
});

import { type CheckpointManifest, checkpointKey, type ObjectStore, TributaryError } from '@tributary/protocol';
import { decodeManifest, encodeManifest } from './manifest.js';
import { type PartReference, readPart } from './part.js';
import type { SafetensorsContent } from './safetensors.js';
import type { Tensors } from './tensors.js';

/** A checkpoint whose manifest has been read and found consistent. */
export interface Checkpoint {
  readonly manifest: CheckpointManifest;
  /** Reads one part and verifies it. @throws TributaryError `CHECKPOINT_CORRUPT`. */
  part(name: string): Promise<Tensors>;
  /** As `part`, with the file's metadata. */
  content(name: string): Promise<SafetensorsContent>;
  /** Reads and verifies every part, one after another. @throws TributaryError `CHECKPOINT_CORRUPT`. */
  verify(): Promise<void>;
}

/** Writes a manifest beside its parts, under `checkpointKey`; the parts must be there already. Gives back the key. */
export async function writeManifest(store: ObjectStore, manifest: CheckpointManifest): Promise<string> {
  const key = checkpointKey(manifest.run, manifest.step);
  await store.put(key, encodeManifest(manifest));
  return key;
}

/**
 * Opens a checkpoint by the key of its manifest.
 * @throws TributaryError `CHECKPOINT_NOT_FOUND` if there is none, `CHECKPOINT_CORRUPT` if the manifest is damaged.
 */
export async function loadCheckpoint(store: Pick<ObjectStore, 'get'>, key: string): Promise<Checkpoint> {
  const bytes = await store.get(key).catch((cause: unknown) => {
    if (!(cause instanceof TributaryError && cause.code === 'OBJECT_NOT_FOUND')) throw cause;
    throw new TributaryError('CHECKPOINT_NOT_FOUND', `There is no checkpoint ${key}; use another one of the run.`, {
      cause,
    });
  });
  const manifest = decodeManifest(bytes, `Checkpoint manifest ${key}`);
  const reference = (name: string): PartReference => {
    const found = manifest.parts.find(({ part }) => part === name);
    if (found !== undefined) return found;
    const names = manifest.parts.map(({ part }) => part).join(', ');
    throw new TributaryError('CHECKPOINT_CORRUPT', `Checkpoint ${key} has no part "${name}"; it has ${names}.`);
  };
  const content = async (name: string): Promise<SafetensorsContent> => readPart(store, reference(name));
  return {
    manifest,
    content,
    part: async (name) => (await content(name)).tensors,
    async verify() {
      for (const { part } of manifest.parts) await content(part);
    },
  };
}

/** What `newestIntact` found. */
export interface NewestIntact {
  readonly checkpoint: Checkpoint | null;
  /** Newer ones that could not be used, with the reason. */
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
}

/** The first of these checkpoints (newest first) of which every part is there and right. A failing store still throws. */
export async function newestIntact(store: ObjectStore, keys: readonly string[]): Promise<NewestIntact> {
  const skipped: { key: string; reason: string }[] = [];
  for (const key of keys) {
    try {
      const checkpoint = await loadCheckpoint(store, key);
      await checkpoint.verify();
      return { checkpoint, skipped };
    } catch (error) {
      if (!(error instanceof TributaryError) || !['CHECKPOINT_NOT_FOUND', 'CHECKPOINT_CORRUPT'].includes(error.code))
        throw error;
      skipped.push({ key, reason: error.message });
    }
  }
  return { checkpoint: null, skipped };
}

/**
 * Deletes a checkpoint and every part of its step, those of fenced generations too: the manifest first, so that no reader
 * finds a manifest whose parts are being taken away. Done again, or after a crash in between, it completes.
 */
export async function pruneCheckpoint(store: ObjectStore, run: string, step: number): Promise<void> {
  const key = checkpointKey(run, step);
  await store.delete(key);
  for (const part of await store.list(key.slice(0, key.lastIndexOf('/') + 1))) await store.delete(part);
}

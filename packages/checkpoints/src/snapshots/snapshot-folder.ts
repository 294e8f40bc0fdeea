import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isToken, type RunId, type SnapshotPart, type SnapshotRef, TributaryError } from '@tributary/protocol';
import { incomingFolder, sweepIncoming } from './half-written.js';
import {
  checkRun,
  checkSnapshotPart,
  checkSnapshotRef,
  describePart,
  type FileDescription,
  isFileDescription,
  isPartName,
  parseSetName,
  type SnapshotSet,
  setName,
} from './snapshot-ref.js';
import { defaultSnapshotRoot } from './snapshot-root.js';

const fileSuffix = '.safetensors';
/** Size and hashes, written last: a part exists once this does. */
const descriptionSuffix = '.json';

/**
 * The parts of snapshots that one worker holds, as files `<root>/<run>/<step>-g<generation>/<part>.safetensors`, each with its
 * description beside it. Agent and trainers share it; it outlives them, not their machine, so nothing is forced to disk.
 */
export class SnapshotFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** @see defaultSnapshotRoot */
  static defaultRoot(namespace: string, worker: string, env: NodeJS.ProcessEnv): string {
    return defaultSnapshotRoot(namespace, worker, env);
  }

  /**
   * Keeps a part whose size and hashes the caller knows. A reader sees all of it or nothing, also if the writer is killed.
   * @throws TributaryError `SNAPSHOT_LOST` for a name that no part can have, or bytes of another size; else the file system's own.
   */
  async write(part: SnapshotPart, bytes: Uint8Array): Promise<void> {
    checkSnapshotPart(part);
    if (bytes.length !== part.sizeBytes)
      throw new TributaryError(
        'SNAPSHOT_LOST',
        `${describePart(part)} has ${bytes.length} bytes, not ${part.sizeBytes}.`,
      );
    const { sizeBytes, sha256, stateHash } = part;
    if (await this.holds(part)) return;
    await this.forget(part);
    await this.#place(this.#file(part), bytes);
    await this.#place(this.#descriptionFile(part), JSON.stringify({ sizeBytes, sha256, stateHash }));
  }

  /** Whether it has just this file, whole. */
  async holds(part: SnapshotPart): Promise<boolean> {
    checkSnapshotPart(part);
    const held = await this.#description(part);
    return held?.sha256 === part.sha256 && held.stateHash === part.stateHash;
  }

  /** Drops one part, if it is there. */
  async forget(ref: SnapshotRef): Promise<void> {
    checkSnapshotRef(ref);
    await rm(this.#descriptionFile(ref), { force: true });
    await rm(this.#file(ref), { force: true });
  }

  /** What it holds of a run, whole files only; generations, steps and parts in rising order. */
  async list(run: RunId): Promise<SnapshotPart[]> {
    checkRun(run);
    const parts: SnapshotPart[] = [];
    for (const set of await this.sets(run)) {
      const names = await namesIn(join(this.root, run, setName(set)));
      for (const name of names.filter((each) => each.endsWith(descriptionSuffix)).sort()) {
        const part = name.slice(0, -descriptionSuffix.length);
        if (!isPartName(part)) continue;
        const ref = { run, ...set, part };
        const description = await this.#description(ref);
        if (description) parts.push({ ...ref, ...description });
      }
    }
    return parts;
  }

  /** Runs of which it holds anything. */
  async runs(): Promise<RunId[]> {
    return (await namesIn(this.root)).filter(isToken).sort() as RunId[];
  }

  /** The sets of a run that it holds parts of, oldest first: by generation, then step. */
  async sets(run: RunId): Promise<SnapshotSet[]> {
    checkRun(run);
    const sets = (await namesIn(join(this.root, run))).map(parseSetName).filter((set) => set !== null);
    return sets.sort((a, b) => a.generation - b.generation || a.step - b.step);
  }

  /**
   * One part's file, its size and SHA-256 checked. A damaged file is dropped: no inventory shall offer it again.
   * @throws TributaryError `SNAPSHOT_LOST` if it is missing, `CHECKPOINT_CORRUPT` if it is damaged.
   */
  async read(ref: SnapshotRef): Promise<Uint8Array> {
    checkSnapshotRef(ref);
    const description = await readDescription(this.#descriptionFile(ref));
    const bytes = description ? await readFile(this.#file(ref)).catch(absent) : null;
    if (!description || !bytes) throw lost(ref);
    if (bytes.length === description.sizeBytes && sha256Of(bytes) === description.sha256)
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    await this.forget(ref);
    throw new TributaryError(
      'CHECKPOINT_CORRUPT',
      `${describePart(ref)} was damaged in ${this.root} and is dropped; take it from another worker, or an earlier checkpoint.`,
    );
  }

  /**
   * Part of a file, unchecked: whoever has all of it checks the whole. Shorter where the file ends.
   * @throws TributaryError `SNAPSHOT_LOST`
   */
  async readRange(ref: SnapshotRef, offset: number, length: number): Promise<Uint8Array> {
    checkSnapshotRef(ref);
    const handle = await open(this.#file(ref), 'r').catch(absent);
    if (!handle) throw lost(ref);
    try {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await handle.close();
    }
  }

  /**
   * Keeps the newest sets of a run (by generation, then step), and one more that is still wanted; also drops what killed writers
   * left half written.
   */
  async keepNewest(run: RunId, count: number, wanted: SnapshotSet | null = null): Promise<void> {
    const newest = new Set((await this.sets(run)).slice(-count).map(setName));
    if (count === 0) newest.clear();
    if (wanted) newest.add(setName(wanted));
    await this.#dropSets(run, (set) => !newest.has(setName(set)));
    await sweepIncoming(this.root);
  }

  /** Drops steps after `step` of the generations before `generation`, which began there: they count for nothing any more. */
  dropBeyond(run: RunId, generation: number, step: number): Promise<void> {
    return this.#dropSets(run, (set) => set.generation < generation && set.step > step);
  }

  /** Drops all that it holds of a run. */
  async drop(run: RunId): Promise<void> {
    checkRun(run);
    await this.#remove(join(this.root, run));
    await sweepIncoming(this.root);
  }

  async #dropSets(run: RunId, goes: (set: SnapshotSet) => boolean): Promise<void> {
    for (const set of await this.sets(run)) if (goes(set)) await this.#remove(join(this.root, run, setName(set)));
  }

  /** The description of a file that has the size it says; null for none. */
  async #description(ref: SnapshotRef): Promise<FileDescription | null> {
    const description = await readDescription(this.#descriptionFile(ref));
    const file = description && (await stat(this.#file(ref)).catch(absent));
    return file?.size === description?.sizeBytes ? description : null;
  }

  /** Takes a folder away at once, so that whoever writes into it meanwhile makes a new one, then removes it. */
  async #remove(folder: string): Promise<void> {
    const aside = await this.#aside();
    await rename(folder, aside).catch(absent);
    await rm(aside, { recursive: true, force: true });
  }

  /** A name that nobody else uses, of this process. */
  async #aside(): Promise<string> {
    const incoming = join(this.root, incomingFolder);
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    return join(incoming, `${process.pid}-${randomBytes(9).toString('hex')}`);
  }

  /** Writes aside and renames. The folder may just be dropped by another process. */
  async #place(file: string, content: Uint8Array | string): Promise<void> {
    const aside = await this.#aside();
    try {
      await writeFile(aside, content, { flag: 'wx', mode: 0o600 });
      for (let tries = 1; ; tries++) {
        const failure = await renameInto(aside, file);
        if (!failure) return;
        if (tries === 10 || failure.code !== 'ENOENT') throw failure;
      }
    } catch (cause) {
      await rm(aside, { force: true });
      throw cause;
    }
  }

  #file(ref: SnapshotRef): string {
    return join(this.root, ref.run, setName(ref), `${ref.part}${fileSuffix}`);
  }

  #descriptionFile(ref: SnapshotRef): string {
    return join(this.root, ref.run, setName(ref), `${ref.part}${descriptionSuffix}`);
  }
}

async function readDescription(file: string): Promise<FileDescription | null> {
  const text = await readFile(file, 'utf8').catch(absent);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (!isFileDescription(value)) return null;
    const { sizeBytes, sha256, stateHash } = value;
    return { sizeBytes, sha256, stateHash };
  } catch {
    return null;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

async function renameInto(aside: string, file: string): Promise<NodeJS.ErrnoException | null> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await rename(aside, file);
    return null;
  } catch (cause) {
    return cause as NodeJS.ErrnoException;
  }
}

function absent(cause: NodeJS.ErrnoException): null {
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null;
  throw cause;
}

function lost(ref: SnapshotRef): TributaryError {
  return new TributaryError('SNAPSHOT_LOST', `${describePart(ref)} is not held here; ask another worker.`);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

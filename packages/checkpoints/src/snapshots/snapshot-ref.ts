import { isToken, type RunId, type SnapshotPart, type SnapshotRef, TributaryError } from '@tributary/protocol';

/** The steps of one generation, of one run: all its parts lie in one folder. */
export type SnapshotSet = Pick<SnapshotRef, 'generation' | 'step'>;

const largestIndex = 1e9;

/**
 * Checks that a reference, which may come from another machine, names a place inside a snapshot folder and nothing else.
 * @throws TributaryError `SNAPSHOT_LOST`, since no snapshot can have such a name.
 */
export function checkSnapshotRef(ref: SnapshotRef): void {
  checkRun(ref.run);
  if (!isCount(ref.generation) || !isCount(ref.step) || !isPartName(ref.part)) throw impossible(ref);
}

/** Also of size and hashes. @throws TributaryError `SNAPSHOT_LOST` */
export function checkSnapshotPart(part: SnapshotPart): void {
  checkSnapshotRef(part);
  if (!isFileDescription(part)) throw impossible(part);
}

/** @throws TributaryError `SNAPSHOT_LOST` */
export function checkRun(run: RunId): void {
  if (typeof run !== 'string' || !isToken(run)) throw impossible(run);
}

/** `shared`, `task-<name>` or `lane-<index>`. */
export function isPartName(part: unknown): part is string {
  if (typeof part !== 'string') return false;
  if (part.startsWith('task-')) return isToken(part.slice('task-'.length));
  return part === 'shared' || /^lane-\d{1,9}$/.test(part);
}

/** What a snapshot's own description says of its file. */
export type FileDescription = Pick<SnapshotPart, 'sizeBytes' | 'sha256' | 'stateHash'>;

export function isFileDescription(value: unknown): value is FileDescription {
  if (typeof value !== 'object' || value === null) return false;
  const { sizeBytes, sha256, stateHash } = value as Partial<FileDescription>;
  return (
    Number.isSafeInteger(sizeBytes) &&
    (sizeBytes as number) >= 0 &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof stateHash === 'string'
  );
}

/** `100-g3`: step 100 of generation 3. */
export function setName({ generation, step }: SnapshotSet): string {
  return `${step}-g${generation}`;
}

export function parseSetName(name: string): SnapshotSet | null {
  const [, step, generation] = /^(\d{1,9})-g(\d{1,9})$/.exec(name) ?? [];
  return step === undefined ? null : { step: Number(step), generation: Number(generation) };
}

/** How errors name a part. */
export function describePart({ run, generation, step, part }: SnapshotRef): string {
  return `Part "${part}" of the snapshot of run ${run} at step ${step} (generation ${generation})`;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < largestIndex;
}

function impossible(ref: unknown): TributaryError {
  const shown = (JSON.stringify(ref) ?? 'nothing').slice(0, 200);
  return new TributaryError('SNAPSHOT_LOST', `No snapshot can be called ${shown}; resume from a checkpoint.`);
}

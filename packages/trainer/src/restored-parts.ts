import { decodeSafetensors, loadCheckpoint, type SafetensorsContent } from '@tributary/checkpoints';
import {
  type GenerationDocument,
  type ObjectStore,
  type RunRecord,
  type SnapshotSource,
  TributaryError,
} from '@tributary/protocol';
import type { MemberPlan } from './member-plan.js';
import type { SnapshotPort } from './snapshot-port.js';
import { recordsIn } from './unacknowledged-records.js';

/** The parts that a member goes on from. */
export interface RestoredParts {
  /** Steps done. */
  readonly step: number;
  readonly parts: ReadonlyMap<string, SafetensorsContent>;
}

export interface RestoreDeps {
  readonly objects: ObjectStore;
  readonly snapshots: SnapshotPort;
  /** Ends the waiting for a part. */
  readonly signal: AbortSignal;
}

/** What a member needs of a snapshot or checkpoint: the shared state, its tasks' and its lanes'. */
export function neededParts({ hostedTasks, hosted }: MemberPlan): string[] {
  return ['shared', ...hostedTasks.map((task) => `task-${task}`), ...hosted.map(({ lane }) => `lane-${lane}`)];
}

/**
 * Fetches what a member needs to go on where its generation starts; null where that is step 0.
 * @throws TributaryError `SNAPSHOT_LOST`, `CHECKPOINT_NOT_FOUND`, `CHECKPOINT_CORRUPT`
 */
export async function fetchRestoredParts(
  document: GenerationDocument,
  names: readonly string[],
  deps: RestoreDeps,
): Promise<RestoredParts | null> {
  const { step, checkpointKey, snapshot } = document.resume;
  const read = snapshot
    ? readSnapshot(document, snapshot, deps)
    : checkpointKey
      ? readCheckpoint(checkpointKey, deps)
      : null;
  if (read === null) return null;
  const parts = await Promise.all(names.map(async (name) => [name, await read(name)] as const));
  return { step, parts: new Map(parts) };
}

type ReadPart = (name: string) => Promise<SafetensorsContent>;

function readCheckpoint(key: string, { objects }: RestoreDeps): ReadPart {
  const checkpoint = loadCheckpoint(objects, key);
  return async (name) => (await checkpoint).content(name);
}

function readSnapshot(
  { run, resume }: GenerationDocument,
  { generation, parts }: SnapshotSource,
  { snapshots, signal }: RestoreDeps,
): ReadPart {
  return async (name) => {
    const where = `Part "${name}" of the snapshot of step ${resume.step}`;
    const found = parts.find(({ part }) => part === name);
    if (!found)
      throw new TributaryError('SNAPSHOT_LOST', `${where} is held by nobody; another generation goes on from what is.`);
    const { holders, ...part } = found;
    return decodeSafetensors(
      await snapshots.fetch({ run, generation, step: resume.step, ...part }, holders, signal),
      where,
    );
  };
}

/** Records that the members which made a snapshot had not brought to JetStream by then, in their order. */
export function recordsToPublish({ parts }: RestoredParts): RunRecord[] {
  return [...parts.values()].flatMap(({ metadata }) => recordsIn(metadata));
}

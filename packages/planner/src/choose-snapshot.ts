import {
  type SnapshotInventory,
  type SnapshotPart,
  type SnapshotSource,
  TributaryError,
  type WorkerId,
} from '@tributary/protocol';
import { type FencedGeneration, fenceStep } from './fence-step.js';

interface HeldPart {
  readonly part: SnapshotPart;
  readonly worker: WorkerId;
}

/**
 * The newest step of which living agents hold every part, all made by one generation, and that no later generation fences off.
 * The same step of two generations is the same state; the newer generation's is taken.
 * @param inventories of the agents that answered
 * @param partNames every part that the run has: `shared`, a `task-<name>` for each task, a `lane-<index>` for each lane
 * @param generations every generation of the run so far, of all attempts
 * @returns null where no step is whole
 * @throws TributaryError `DIVERGED` where two holders have another state for the same step and part: placement has changed a result.
 */
export function chooseSnapshot(
  inventories: readonly SnapshotInventory[],
  partNames: readonly string[],
  generations: readonly FencedGeneration[],
): { step: number; source: SnapshotSource } | null {
  const wanted = new Set(partNames);
  const held: HeldPart[] = inventories.flatMap(({ worker, parts }) =>
    parts
      .filter(({ part, generation, step }) => wanted.has(part) && step <= fenceStep(generation, generations))
      .map((part) => ({ part, worker })),
  );
  checkAgreement(held);
  const sets = groupBy(held, ({ part }) => `${part.generation} ${part.step}`);
  const newestFirst = [...sets.values()].sort(([a], [b]) => stepOf(b) - stepOf(a) || generationOf(b) - generationOf(a));
  for (const set of newestFirst) {
    const byName = groupBy(set, ({ part }) => part.part);
    if (![...wanted].every((name) => byName.has(name))) continue;
    return {
      step: stepOf(set[0]),
      source: {
        generation: generationOf(set[0]),
        parts: [...wanted].map((name) => mostHeld(byName.get(name) as HeldPart[])),
      },
    };
  }
  return null;
}

/** The same step and part is the same state, whoever and whichever generation made it. */
function checkAgreement(held: readonly HeldPart[]): void {
  for (const group of groupBy(held, ({ part }) => `${part.step} ${part.part}`).values()) {
    const first = group[0] as HeldPart;
    const other = group.find(({ part }) => part.stateHash !== first.part.stateHash);
    if (!other) continue;
    const { run, step, part } = first.part;
    const holds = ({ worker, part: { stateHash, generation } }: HeldPart): string =>
      `worker ${worker} holds ${stateHash.slice(0, 12)} of generation ${generation}`;
    throw new TributaryError(
      'DIVERGED',
      `Run ${run} has two states of part "${part}" at step ${step}: ${holds(first)}, ${holds(other)}; ` +
        'these workers do not compute the same bits, so take one of them out and resume from a checkpoint.',
    );
  }
}

/** The same state may lie in files that differ in their metadata; readers need one, so the one that most workers hold. */
function mostHeld(group: readonly HeldPart[]): SnapshotSource['parts'][number] {
  const files = [...groupBy(group, ({ part }) => `${part.sha256} ${part.sizeBytes}`).entries()];
  files.sort(([nameA, a], [nameB, b]) => b.length - a.length || (nameA < nameB ? -1 : 1));
  const file = files[0]?.[1] as HeldPart[];
  const { part, sizeBytes, sha256, stateHash } = (file[0] as HeldPart).part;
  return { part, sizeBytes, sha256, stateHash, holders: [...new Set(file.map(({ worker }) => worker))].sort() };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const stepOf = (held: HeldPart | undefined): number => held?.part.step ?? -1;
const generationOf = (held: HeldPart | undefined): number => held?.part.generation ?? -1;

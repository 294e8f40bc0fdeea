import { validateRunFile } from '@tributary/config';
import { laneCosts, lanesOf, partNames } from '@tributary/planner';
import type { Lane, ObjectStore, PreparedRun } from '@tributary/protocol';

/** What opening a generation needs of a run. */
export interface PlacedRun {
  readonly lanes: readonly Lane[];
  /** What each lane costs beside the others. */
  readonly costs: readonly number[];
  /** Names of all parts of its snapshots. */
  readonly parts: readonly string[];
}

const kept = 100;

/** Prepared runs as placement sees them; read once each, since a key stands for its content. */
export class PreparedRuns {
  readonly #objects: ObjectStore;
  readonly #known = new Map<string, PlacedRun>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** @throws TributaryError `OBJECT_NOT_FOUND` */
  async read(key: string): Promise<PlacedRun> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const prepared = JSON.parse(new TextDecoder().decode(await this.#objects.get(key))) as PreparedRun;
    const placed = placedRun(prepared);
    this.#known.set(key, placed);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > kept && oldest !== undefined) this.#known.delete(oldest);
    return placed;
  }
}

function placedRun({ spec, tasks }: PreparedRun): PlacedRun {
  // Stored by an earlier version, a run file may lack fields that have defaults now.
  const run = validateRunFile(spec, { name: 'the prepared run' });
  const lanes = lanesOf(run);
  const data = Object.fromEntries(
    Object.entries(tasks).map(([name, { splits, meanTokens }]) => [
      name,
      { examples: splits.train.examples, meanTokens },
    ]),
  );
  return {
    lanes,
    costs: laneCosts(run, lanes, data),
    parts: partNames(
      run.tasks.map((task) => task.name),
      lanes,
    ),
  };
}

import { validateRunFile } from '@tributary/config';
import { laneCosts, lanesOf, type TrainingData } from '@tributary/planner';
import { type Lane, type ObjectStore, type PreparedRun, TributaryError } from '@tributary/protocol';

/** A run's lanes, and what each costs beside the others: by its run file, and by its prepared data where that can be read. */
export async function costedLanes(
  spec: unknown,
  preparedKey: string,
  objects: ObjectStore,
): Promise<{ readonly lanes: readonly Lane[]; readonly costs: readonly number[] }> {
  // Stored by an earlier version, a run file may lack fields that have defaults now.
  const run = validateRunFile(spec, { name: 'the stored run file' });
  const lanes = lanesOf(run);
  return { lanes, costs: laneCosts(run, lanes, await trainingData(preparedKey, objects)) };
}

/** Nothing where the data is gone: who needs it more will say so. */
async function trainingData(key: string, objects: ObjectStore): Promise<Record<string, TrainingData>> {
  const bytes = await objects.get(key).catch((error: unknown) => {
    if (error instanceof TributaryError && error.code === 'OBJECT_NOT_FOUND') return null;
    throw error;
  });
  if (bytes === null) return {};
  const { tasks } = JSON.parse(new TextDecoder().decode(bytes)) as PreparedRun;
  return Object.fromEntries(
    Object.entries(tasks).map(([name, { splits, meanTokens }]) => [
      name,
      { examples: splits.train.examples, meanTokens },
    ]),
  );
}

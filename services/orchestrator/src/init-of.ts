import {
  checkpointKey,
  type ObjectStore,
  type PreparedInit,
  type PreparedRun,
  TributaryError,
} from '@tributary/protocol';
import { type Db, findRun, type RunRow } from '@tributary/run-store';
import type { InitSource } from '@tributary/trainer';

/**
 * What a run begins with, by its run file: values that an earlier attempt has resolved stay, whatever became of their source.
 * @throws TributaryError `DATA_INVALID` where the run that it names is gone
 */
export async function initOf(row: RunRow, db: Db, objects: ObjectStore): Promise<InitSource | PreparedInit | null> {
  const { init } = row.spec;
  if (init === undefined) return null;
  if (row.preparedKey !== null && (await objects.has(row.preparedKey))) {
    const before = JSON.parse(new TextDecoder().decode(await objects.get(row.preparedKey))) as PreparedRun;
    if (before.init !== undefined) return before.init;
  }
  const { run, step, file } = init.from;
  if (file !== undefined) return { kind: 'file', label: `file ${file}`, key: row.files[file] as string };
  const other = await findRun(db, run as string);
  if (!other || other.preparedKey === null || step === undefined)
    throw new TributaryError(
      'DATA_INVALID',
      `init.from: run ${run} has no checkpoint to begin with; name another run.`,
    );
  const { preparedKey } = other;
  return { kind: 'checkpoint', label: `run ${run}, step ${step}`, key: checkpointKey(other.run, step), preparedKey };
}

import { checkpointKey, type ObjectStore, type PreparedRun, TributaryError } from '@tributary/protocol';
import { listCheckpoints, requireRun } from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';

/**
 * An object that a run consists of: its prepared form, a tokenizer of that, the manifest of a committed checkpoint, or one of its parts.
 * @throws TributaryError `RUN_NOT_FOUND`, `OBJECT_NOT_FOUND` for every other key
 */
export async function objectOfRun(
  run: string,
  key: string,
  { db, objects }: Pick<ApiDeps, 'db' | 'objects'>,
): Promise<Uint8Array> {
  const row = await requireRun(db, run);
  const own =
    key === row.preparedKey ||
    (await listCheckpoints(db, run)).some(
      ({ step, manifest }) => key === checkpointKey(run, step) || manifest.parts.some((part) => part.key === key),
    ) ||
    (row.preparedKey !== null && (await tokenizerKeys(row.preparedKey, objects)).includes(key));
  if (!own)
    throw new TributaryError(
      'OBJECT_NOT_FOUND',
      `Run ${run} has no object ${JSON.stringify(key)}; its checkpoints are listed by: npx tributary checkpoints list ${run}`,
    );
  return await objects.get(key);
}

async function tokenizerKeys(preparedKey: string, objects: ObjectStore): Promise<string[]> {
  const { tasks } = JSON.parse(new TextDecoder().decode(await objects.get(preparedKey))) as PreparedRun;
  return Object.values(tasks).flatMap(({ sourceTokenizer, targetTokenizer }) =>
    [sourceTokenizer, targetTokenizer].flatMap((stored) => stored?.key ?? []),
  );
}

import { createHash } from 'node:crypto';
import { type ObjectStore, type PreparedRun, TributaryError } from '@tributary/protocol';
import type { SplitBytes } from './compute-messages.js';
import { taskOf } from './prepared-model.js';

/** Fetches the encoded splits of some tasks by their content's hash. */
export async function fetchSplits(
  prepared: PreparedRun,
  tasks: readonly string[],
  objects: ObjectStore,
): Promise<Record<string, SplitBytes>> {
  const fetch = async (task: string, split: 'train' | 'validation' | 'test'): Promise<Uint8Array> => {
    const { key, sha256 } = taskOf(prepared, task).splits[split];
    const bytes = await objects.get(key);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sha256) {
      throw new TributaryError(
        'DATA_INVALID',
        `The ${split} data of task "${task}" (${key}) has hash ${found}; launch the run again to prepare its data anew.`,
      );
    }
    return bytes;
  };
  const entries = await Promise.all(
    tasks.map(async (task) => {
      const [train, validation, test] = await Promise.all([
        fetch(task, 'train'),
        fetch(task, 'validation'),
        fetch(task, 'test'),
      ]);
      return [task, { train, validation, test }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

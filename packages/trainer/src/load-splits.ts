import { createHash } from 'node:crypto';
import { type ObjectStore, type PreparedRun, type StoredObject, TributaryError } from '@tributary/protocol';
import type { SplitBytes, TokenizerBytes } from './compute-messages.js';
import { taskOf } from './prepared-model.js';

/** Fetches the encoded splits and the tokenizers of some tasks by their content's hash. */
export async function fetchSplits(
  prepared: PreparedRun,
  tasks: readonly string[],
  objects: ObjectStore,
): Promise<Record<string, SplitBytes>> {
  const entries = await Promise.all(
    tasks.map(async (task) => {
      const { splits } = taskOf(prepared, task);
      const fetch = (split: keyof typeof splits) =>
        fetchStored(splits[split], `The ${split} data of task "${task}"`, objects);
      const [train, validation, test, tokenizers] = await Promise.all([
        fetch('train'),
        fetch('validation'),
        fetch('test'),
        fetchTokenizers(prepared, task, objects),
      ]);
      return [task, { train, validation, test, ...tokenizers }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** Fetches the tokenizers of a task's sides by their content's hash. */
export async function fetchTokenizers(
  prepared: PreparedRun,
  task: string,
  objects: Pick<ObjectStore, 'get'>,
): Promise<TokenizerBytes> {
  const { sourceTokenizer: source, targetTokenizer: target } = taskOf(prepared, task);
  const fetch = async (stored: StoredObject | undefined, side: string): Promise<Uint8Array | undefined> =>
    stored && (await fetchStored(stored, `The ${side} tokenizer of task "${task}"`, objects));
  return { sourceTokenizer: await fetch(source, 'source'), targetTokenizer: await fetch(target, 'target') };
}

async function fetchStored(
  { key, sha256 }: StoredObject,
  what: string,
  objects: Pick<ObjectStore, 'get'>,
): Promise<Uint8Array> {
  const bytes = await objects.get(key);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    throw new TributaryError(
      'DATA_INVALID',
      `${what} (${key}) has hash ${found}; launch the run again to prepare its data anew.`,
    );
  }
  return bytes;
}

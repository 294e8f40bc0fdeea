import { natsStore } from '@tributary/checkpoints';
import { checkpointKey, natsNames, type ObjectStore } from '@tributary/protocol';
import type { ChaosStack } from './chaos-stack.js';

/**
 * Steps of the checkpoints that a fault has cost, just after it: those that the run has passed and not committed, and of which no
 * generation has stored every part. A trainer writes its parts in the background, and took with it what it had not written yet.
 * @param reference the run without faults, which has them all
 * @param resumed the step that the run went on from
 */
export async function unwrittenCheckpoints(
  stack: ChaosStack,
  { run, reference, resumed }: { readonly run: string; readonly reference: string; readonly resumed: number },
): Promise<number[]> {
  const stepsOf = async (of: string): Promise<number[]> => {
    const rows = await stack.db.selectFrom('checkpoints').select('step').where('run', '=', of).execute();
    return rows.map(({ step }) => step);
  };
  const committed = new Set(await stepsOf(run));
  const missing = (await stepsOf(reference)).filter((step) => step <= resumed && !committed.has(step));
  if (missing.length === 0) return [];
  const objects = await natsStore(stack.connection, natsNames(stack.servers.namespace).objectsBucket);
  const unwritten: number[] = [];
  for (const step of missing) {
    const needed = (await partsByGeneration(objects, reference, step)).values().next().value?.size ?? 0;
    const written = [...(await partsByGeneration(objects, run, step)).values()].map(({ size }) => size);
    if (Math.max(0, ...written) < needed) unwritten.push(step);
  }
  return unwritten;
}

/** Names of the stored parts of a checkpoint, by the generation that wrote them. */
async function partsByGeneration(objects: ObjectStore, run: string, step: number): Promise<Map<string, Set<string>>> {
  const folder = checkpointKey(run, step).replace(/manifest\.json$/, '');
  const parts = new Map<string, Set<string>>();
  for (const key of await objects.list(folder)) {
    const [, generation, part] = /\/(g\d+)-(.+)\.safetensors$/.exec(key) ?? [];
    if (generation === undefined || part === undefined) continue;
    parts.set(generation, (parts.get(generation) ?? new Set()).add(part));
  }
  return parts;
}

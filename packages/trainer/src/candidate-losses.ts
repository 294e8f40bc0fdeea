import { type CandidateRow, candidatesOf } from '@tributary/datasets';
import type { TaskParameters } from '@tributary/models';
import type { TaskCompute } from './task-compute.js';

interface CandidateRequest {
  readonly task: TaskCompute;
  readonly split: 'validation' | 'test';
  readonly parameters: TaskParameters;
  readonly onProgress: () => void;
}

/**
 * How likely a task's model finds each example's own target and those that stand against it: mean cross-entropy of a target token, nats,
 * `</s>` included, under teacher forcing. The mean, as ParlAI ranks with generative models, so that short candidates have no advantage.
 * @returns of each example, in order: one loss a candidate, its own first
 */
export async function candidateLosses(
  { task, split, parameters, onProgress }: CandidateRequest,
  examples: readonly number[],
): Promise<Float64Array[]> {
  const content = task.split(split);
  const candidates = candidatesOf(content);
  const rows: CandidateRow[] = [];
  const places: { readonly losses: Float64Array; readonly at: number }[] = [];
  const all = examples.map((example) => {
    const pairs = candidates(example);
    const losses = new Float64Array(pairs.length);
    pairs.forEach((pair, at) => {
      rows.push({ example, pair });
      places.push({ losses, at });
    });
    return losses;
  });
  for (const { batch, rows: inBatch } of task.candidateBatches(split, rows)) {
    const sums = await task.rowScorer(batch.shape).run(parameters, batch);
    inBatch.forEach((row, index) => {
      const place = places[row];
      const tokens = content.target(batch.pairs[index] as number).length + 1;
      if (place) place.losses[place.at] = (sums[index] as number) / tokens;
    });
    onProgress();
  }
  return all;
}

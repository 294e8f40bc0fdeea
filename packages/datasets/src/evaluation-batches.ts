import { randomStream, shuffle } from '@tributary/random';
import { type Batch, fillBatch } from './batch.js';
import { bucketPairs, planBatches } from './batch-plan.js';
import { type BatchShape, chooseShapes, extendShapes, pairLengths } from './batch-shapes.js';
import type { EncodedSplit } from './encoded-split.js';

export interface EvaluationOptions {
  /** Rows of every batch. */
  readonly batchSize: number;
  /** Most shapes, where `shapes` does not give them. */
  readonly buckets: number;
  /** Examples to use; without it all. */
  readonly limit?: number;
  /** The training cursor's shapes, so that no further step is compiled unless held-out pairs are longer. */
  readonly shapes?: readonly BatchShape[];
}

/**
 * Fixed batches in a fixed order. Each chosen example stands in exactly one row, with its first reference as the target; the last batch
 * may have empty rows. A limit takes the same random sample in every run of this data, whatever the seed, in the split's order.
 */
export function evaluationBatches(
  split: EncodedSplit,
  options: EvaluationOptions,
): { batches: Batch[]; shapes: readonly BatchShape[] } {
  const { batchSize, buckets, limit } = options;
  const chosen = sampleExamples(split.length, limit ?? split.length).map(
    (example) => split.firstPair[example] as number,
  );
  const lengths = pairLengths(split);
  const own = {
    source: chosen.map((pair) => lengths.source[pair] as number),
    target: chosen.map((pair) => lengths.target[pair] as number),
  };
  const shapes = extendShapes(options.shapes ?? chooseShapes(own, batchSize, buckets), own, batchSize);
  const planned = planBatches(bucketPairs(chosen, lengths, shapes), batchSize, (pairs) => pairs.sort());
  return { batches: planned.map(({ shape, pairs }) => fillBatch(split, shapes[shape] as BatchShape, pairs)), shapes };
}

/** `limit` indices below `length`, rising: a fixed random sample, and a smaller limit's sample lies within a larger one's. */
export function sampleExamples(length: number, limit: number): Int32Array {
  const indices = Int32Array.from({ length }, (_, index) => index);
  if (limit >= length) return indices;
  shuffle(indices, randomStream(0, 'evaluation-sample'));
  return indices.slice(0, limit).sort();
}

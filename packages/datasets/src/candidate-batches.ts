import { type Batch, fillBatch } from './batch.js';
import { type BatchShape, extendShapes, predictedLength, shapeLookup } from './batch-shapes.js';
import type { EncodedSplit } from './encoded-split.js';

/** A source with a target that need not be its own. */
export interface CandidateRow {
  readonly example: number;
  readonly pair: number;
}

/** A batch, and which of the asked-for rows stands in each of its rows. */
export interface CandidateBatch {
  readonly batch: Batch;
  readonly rows: readonly number[];
}

/**
 * Batches of sources with any targets, in a fixed order: by shape, then as the rows come.
 * @param shapes of `batchSize` rows each; one more is made where the longest of the rows does not fit
 */
export function candidateBatches(
  split: EncodedSplit,
  rows: readonly CandidateRow[],
  { batchSize, shapes }: { readonly batchSize: number; readonly shapes: readonly BatchShape[] },
): CandidateBatch[] {
  const lengths = {
    source: Int32Array.from(rows, ({ example }) => split.source(example).length),
    target: Int32Array.from(rows, ({ pair }) => predictedLength(split, pair)),
  };
  const all = extendShapes(shapes, lengths, batchSize);
  const shapeOf = shapeLookup(all);
  const byShape = all.map((): number[] => []);
  rows.forEach((_, row) => {
    byShape[shapeOf(lengths.source[row] as number, lengths.target[row] as number)]?.push(row);
  });
  return byShape.flatMap((ofShape, index) =>
    Array.from({ length: Math.ceil(ofShape.length / batchSize) }, (_, part): CandidateBatch => {
      const chosen = ofShape.slice(part * batchSize, (part + 1) * batchSize);
      const pairs = Int32Array.from(chosen, (row) => (rows[row] as CandidateRow).pair);
      const examples = Int32Array.from(chosen, (row) => (rows[row] as CandidateRow).example);
      return { batch: fillBatch(split, all[index] as BatchShape, pairs, examples), rows: chosen };
    }),
  );
}

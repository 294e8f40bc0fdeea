import { specialIds } from '@tributary/protocol';
import { type BatchShape, predictedLength } from './batch-shapes.js';
import type { EncodedSplit } from './encoded-split.js';

/** A batch of one task. Rows beyond `examples` are empty: all `<pad>`. */
export interface Batch {
  readonly shape: BatchShape;
  /** `[batch, source]`, row-major; symbols, then `<pad>`. */
  readonly source: Int32Array;
  /**
   * `[batch, target + 1]`, row-major; `<s>`, symbols, `</s>`, then `<pad>`. A target of vectors has `<s>`, one `<unk>` for each vector, then
   * `<pad>`: vector t of `targetFeatures` is what position t + 1 here predicts.
   */
  readonly target: Int32Array;
  /** f32`[batch, source, width]`, zeros where `source` is `<pad>`; absent where sources are symbols. */
  readonly sourceFeatures?: Float32Array;
  /** f32`[batch, target, width]`, zeros where there is no vector; absent where targets are symbols. */
  readonly targetFeatures?: Float32Array;
  /** Source symbols or vectors and predicted target positions (`</s>` included); neither padding nor `<s>`. */
  readonly tokens: number;
  /** The predicted target positions alone: what a mean loss is the mean over. */
  readonly targetTokens: number;
  /** Index in the split of each row's example. */
  readonly examples: readonly number[];
  /** Index in the split of each row's pair (which reference is the target). */
  readonly pairs: readonly number[];
}

/**
 * Lays pairs out as a batch. Each must fit the shape.
 * @param sources examples whose sources stand in the rows; left out: those of the pairs
 */
export function fillBatch(split: EncodedSplit, shape: BatchShape, pairs: Int32Array, sources?: Int32Array): Batch {
  const source = new Int32Array(shape.batch * shape.source);
  const target = new Int32Array(shape.batch * (shape.target + 1));
  const sourceFeatures = new Float32Array(source.length * split.sourceWidth);
  const targetFeatures = new Float32Array(shape.batch * shape.target * split.targetWidth);
  const examples: number[] = [];
  let tokens = 0;
  let targetTokens = 0;
  pairs.forEach((pair, row) => {
    const example = (sources?.[row] ?? split.exampleOf[pair]) as number;
    const from = split.source(example);
    const to = split.target(pair);
    const predicted = predictedLength(split, pair);
    if (row >= shape.batch || from.length > shape.source || predicted > shape.target)
      throw new RangeError(`pair ${pair} does not fit row ${row} of ${shape.batch}×${shape.source}×${shape.target}`);
    source.set(from, row * shape.source);
    const start = row * (shape.target + 1);
    target[start] = specialIds.start;
    target.set(to, start + 1);
    if (predicted > to.length) target[start + 1 + to.length] = specialIds.end;
    sourceFeatures.set(split.sourceFeatures(example), row * shape.source * split.sourceWidth);
    targetFeatures.set(split.targetFeatures(pair), row * shape.target * split.targetWidth);
    examples.push(example);
    tokens += from.length + predicted;
    targetTokens += predicted;
  });
  return {
    shape,
    source,
    target,
    ...(split.sourceWidth > 0 ? { sourceFeatures } : {}),
    ...(split.targetWidth > 0 ? { targetFeatures } : {}),
    tokens,
    targetTokens,
    examples,
    pairs: [...pairs],
  };
}

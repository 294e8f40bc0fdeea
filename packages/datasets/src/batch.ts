import { specialIds } from '@tributary/protocol';
import type { BatchShape } from './batch-shapes.js';
import type { EncodedSplit } from './encoded-split.js';

/** A batch of one task. Rows beyond `examples` are empty: all `<pad>`. */
export interface Batch {
  readonly shape: BatchShape;
  /** `[batch, source]`, row-major; symbols, then `<pad>`. */
  readonly source: Int32Array;
  /** `[batch, target + 1]`, row-major; `<s>`, symbols, `</s>`, then `<pad>`. */
  readonly target: Int32Array;
  /** Source symbols and predicted target positions (`</s>` included); neither padding nor `<s>`. */
  readonly tokens: number;
  /** Index in the split of each row's example. */
  readonly examples: readonly number[];
  /** Index in the split of each row's pair (which reference is the target). */
  readonly pairs: readonly number[];
}

/** Lays pairs out as a batch. Each must fit the shape. */
export function fillBatch(split: EncodedSplit, shape: BatchShape, pairs: Int32Array): Batch {
  const source = new Int32Array(shape.batch * shape.source);
  const target = new Int32Array(shape.batch * (shape.target + 1));
  const examples: number[] = [];
  let tokens = 0;
  pairs.forEach((pair, row) => {
    const example = split.exampleOf[pair] as number;
    const from = split.source(example);
    const to = split.target(pair);
    if (row >= shape.batch || from.length > shape.source || to.length + 1 > shape.target)
      throw new RangeError(`pair ${pair} does not fit row ${row} of ${shape.batch}×${shape.source}×${shape.target}`);
    source.set(from, row * shape.source);
    const start = row * (shape.target + 1);
    target[start] = specialIds.start;
    target.set(to, start + 1);
    target[start + 1 + to.length] = specialIds.end;
    examples.push(example);
    tokens += from.length + to.length + 1;
  });
  return { shape, source, target, tokens, examples, pairs: [...pairs] };
}

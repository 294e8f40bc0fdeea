import { TributaryError } from '@tributary/protocol';
import { randomStream, shuffle } from '@tributary/random';
import { type Batch, fillBatch } from './batch.js';
import { bucketPairs, type PlannedBatch, planBatches } from './batch-plan.js';
import { type BatchShape, chooseShapes, pairLengths } from './batch-shapes.js';
import type { EncodedSplit } from './encoded-split.js';

/** Where a lane's next batch stands: the epoch, and its place in that epoch's batches of all replicas. */
export interface CursorState {
  readonly epoch: number;
  readonly position: number;
}

/** A lane's endless sequence of batches: a function of split, seed, task, batch size, buckets and replica alone. */
export interface BatchCursor {
  next(): Batch;
  state(): CursorState;
  /** Goes on as the cursor that gave this state. @throws TributaryError `CHECKPOINT_CORRUPT` if no cursor of this lane gives it. */
  seek(state: CursorState): void;
  /** Every shape that batches have; the same for all replicas. */
  readonly shapes: readonly BatchShape[];
  /** Batches of an epoch, all replicas together. */
  readonly batchesPerEpoch: number;
}

export interface BatchCursorOptions {
  readonly split: EncodedSplit;
  readonly seed: number;
  readonly task: string;
  /** 0 ≤ replica < replicas. */
  readonly replica: number;
  readonly replicas: number;
  /** Rows of every batch. */
  readonly batchSize: number;
  /** Most shapes. */
  readonly buckets: number;
}

/**
 * Opens the cursor of one lane at its first batch. Each epoch shuffles pairs within their length buckets and then the batches, by
 * `randomStream(seed, 'shuffle', task, epoch)`. Epochs follow one another as one sequence of batches, of which replica r of R
 * takes r, r + R, r + 2R, …: every pair is in exactly one batch of one replica each epoch, and no replica runs ahead.
 */
export function batchCursor(options: BatchCursorOptions): BatchCursor {
  const { split, seed, task, replica, replicas, batchSize, buckets } = options;
  if (!(Number.isInteger(replica) && replica >= 0 && replica < replicas))
    throw new RangeError(`replica ${replica} is not one of ${replicas}`);
  const lengths = pairLengths(split);
  const shapes = chooseShapes(lengths, batchSize, buckets);
  const inBuckets = bucketPairs(lengths.source.keys(), lengths, shapes);
  const plan = (epoch: number): PlannedBatch[] => {
    const stream = randomStream(seed, 'shuffle', task, epoch);
    const batches = planBatches(inBuckets, batchSize, (pairs) => shuffle(pairs, stream));
    shuffle(batches, stream);
    return batches;
  };
  let planned = { epoch: 0, batches: plan(0) };
  const batchesPerEpoch = planned.batches.length;
  if (batchesPerEpoch === 0) throw new RangeError('the split has no pairs');
  let index = replica;
  const state = (): CursorState => ({ epoch: Math.floor(index / batchesPerEpoch), position: index % batchesPerEpoch });
  return {
    shapes,
    batchesPerEpoch,
    state,
    next() {
      const { epoch, position } = state();
      if (planned.epoch !== epoch) planned = { epoch, batches: plan(epoch) };
      const { shape, pairs } = planned.batches[position] as PlannedBatch;
      index += replicas;
      return fillBatch(split, shapes[shape] as BatchShape, pairs);
    },
    seek({ epoch, position }) {
      const wanted = epoch * batchesPerEpoch + position;
      const valid = Number.isSafeInteger(wanted) && Number.isInteger(epoch) && epoch >= 0;
      if (!valid || position < 0 || position >= batchesPerEpoch || wanted % replicas !== replica)
        throw new TributaryError(
          'CHECKPOINT_CORRUPT',
          `Cursor position ${position} of epoch ${epoch} does not belong to replica ${replica} of ${replicas} of task "${task}", whose epochs have ${batchesPerEpoch} batches: the checkpoint is of other data or another run file.`,
        );
      index = wanted;
    },
  };
}

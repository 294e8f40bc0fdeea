import { type PairLengths, type ShapeChain, shapeLookup } from './batch-shapes.js';

/** Pairs of one batch, and which shape of the chain they fill. */
export interface PlannedBatch {
  readonly shape: number;
  readonly pairs: Int32Array;
}

/** Pairs by the smallest shape that holds them, in the order given. */
export function bucketPairs(pairs: Iterable<number>, lengths: PairLengths, shapes: ShapeChain): number[][] {
  const lookup = shapeLookup(shapes);
  const buckets: number[][] = shapes.map(() => []);
  for (const pair of pairs) {
    const bucket = buckets[lookup(lengths.source[pair] as number, lengths.target[pair] as number)];
    if (bucket === undefined) throw new RangeError(`pair ${pair} is longer than every shape`);
    bucket.push(pair);
  }
  return buckets;
}

/**
 * Cuts buckets into batches. What does not fill a batch moves up to the next bucket, whose shape holds it too, so at
 * most the last batch is partly empty. How many batches of which shape there are depends on the buckets' sizes alone.
 */
export function planBatches(
  buckets: readonly (readonly number[])[],
  batchSize: number,
  arrange: (pairs: Int32Array) => void,
): PlannedBatch[] {
  const last = buckets.reduce((found, bucket, index) => (bucket.length > 0 ? index : found), -1);
  const batches: PlannedBatch[] = [];
  let carried = new Int32Array(0);
  for (let shape = 0; shape <= last; shape++) {
    const own = buckets[shape] as readonly number[];
    const pairs = new Int32Array(carried.length + own.length);
    pairs.set(carried);
    pairs.set(own, carried.length);
    arrange(pairs);
    const whole = shape === last ? pairs.length : pairs.length - (pairs.length % batchSize);
    for (let at = 0; at < whole; at += batchSize)
      batches.push({ shape, pairs: pairs.slice(at, Math.min(at + batchSize, whole)) });
    carried = pairs.slice(whole);
  }
  return batches;
}

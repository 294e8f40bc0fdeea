import { TributaryError } from '@tributary/protocol';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import type { Batch } from './batch.js';
import { type BatchCursor, batchCursor } from './batch-cursor.js';
import { chooseShapes, pairLengths } from './batch-shapes.js';
import type { EncodedSplit } from './encoded-split.js';
import { randomSplit } from './random-split.fixture.js';

interface Case {
  readonly split: EncodedSplit;
  readonly seed: number;
  readonly batchSize: number;
  readonly buckets: number;
  readonly replicas: number;
}
const cases: Case[] = Array.from({ length: 25 }, (_, seed) => {
  const draw = randomStream(seed, 'case');
  return {
    split: randomSplit(seed, 1 + draw.below(120)),
    seed,
    batchSize: 1 + draw.below(16),
    buckets: 1 + draw.below(6),
    replicas: 1 + draw.below(4),
  };
});
const open = (of: Case, replica = 0): BatchCursor => batchCursor({ ...of, task: 'a', replica });
const take = (cursor: BatchCursor, count: number): Batch[] => Array.from({ length: count }, () => cursor.next());
const rows = (values: Int32Array, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, row) => [...values.subarray(row * width, (row + 1) * width)]);

describe('batchCursor', () => {
  it('takes every pair exactly once an epoch, across replicas', () => {
    for (const of of cases) {
      const cursors = Array.from({ length: of.replicas }, (_, replica) => open(of, replica));
      const total = 3 * (cursors[0] as BatchCursor).batchesPerEpoch;
      const taken = new Map<number, number[]>();
      for (let n = 0; n < total; n++) {
        const cursor = cursors[n % of.replicas] as BatchCursor;
        const { epoch, position } = cursor.state();
        expect(epoch * cursor.batchesPerEpoch + position).toBe(n);
        taken.set(epoch, [...(taken.get(epoch) ?? []), ...cursor.next().pairs]);
      }
      expect(taken.size).toBe(3);
      for (const pairs of taken.values())
        expect(pairs.sort((a, b) => a - b)).toEqual(Array.from({ length: of.split.pairCount }, (_, pair) => pair));
    }
  });

  it('goes on from any state with the same batches', () => {
    for (const of of cases) {
      const replica = of.replicas - 1;
      const cursor = open(of, replica);
      const seen: { state: ReturnType<BatchCursor['state']>; batch: Batch }[] = [];
      for (let n = 0; n < 2 * cursor.batchesPerEpoch + 2; n++)
        seen.push({ state: cursor.state(), batch: cursor.next() });
      for (let from = seen.length - 1; from >= 0; from -= 1 + Math.floor(seen.length / 7)) {
        const resumed = open(of, replica);
        resumed.seek(JSON.parse(JSON.stringify(seen[from]?.state)));
        expect(take(resumed, seen.length - from)).toEqual(seen.slice(from).map(({ batch }) => batch));
      }
    }
  });

  it('lays rows out as source, <s> target </s>, and padding', () => {
    for (const of of cases.slice(0, 8)) {
      for (const batch of take(open(of), 4)) {
        const { shape, pairs, examples } = batch;
        const sources = rows(batch.source, shape.source);
        const targets = rows(batch.target, shape.target + 1);
        let tokens = 0;
        for (let row = 0; row < of.batchSize; row++) {
          const pair = pairs[row];
          const source = pair === undefined ? [] : [...of.split.source(examples[row] as number)];
          const target = pair === undefined ? [] : [1, ...of.split.target(pair), 2];
          const pad = (ids: number[], width: number): number[] => [
            ...ids,
            ...Array<number>(width - ids.length).fill(0),
          ];
          expect(sources[row]).toEqual(pad(source, shape.source));
          expect(targets[row]).toEqual(pad(target, shape.target + 1));
          tokens += source.length + Math.max(0, target.length - 1);
        }
        expect(batch.tokens).toBe(tokens);
        expect(shape.batch).toBe(of.batchSize);
      }
    }
  });

  it('has few fixed shapes, alike for all replicas, and at most one batch an epoch that is not full', () => {
    for (const of of cases) {
      const cursor = open(of);
      expect(cursor.shapes.length).toBeLessThanOrEqual(of.buckets);
      for (let replica = 1; replica < of.replicas; replica++) expect(open(of, replica).shapes).toEqual(cursor.shapes);
      const whole = { ...of, replicas: 1 };
      const batches = take(open(whole), cursor.batchesPerEpoch);
      for (const { shape } of batches) expect(cursor.shapes).toContainEqual(shape);
      expect(batches.filter(({ pairs }) => pairs.length < of.batchSize).length).toBeLessThanOrEqual(1);
    }
  });

  it('depends on seed, task and epoch', () => {
    const of = { ...(cases[0] as Case), split: randomSplit(5, 100), batchSize: 8, replicas: 1 };
    const order = (seed: number, task: string, epoch: number): number[] => {
      const cursor = batchCursor({ ...of, seed, task, replica: 0 });
      cursor.seek({ epoch, position: 0 });
      return take(cursor, 5).flatMap(({ pairs }) => [...pairs]);
    };
    expect(order(1, 'a', 0)).toEqual(order(1, 'a', 0));
    for (const other of [order(2, 'a', 0), order(1, 'b', 0), order(1, 'a', 1)])
      expect(other).not.toEqual(order(1, 'a', 0));
  });

  it('refuses a state of another lane or other data', () => {
    const of = { ...(cases[0] as Case), split: randomSplit(5, 100), batchSize: 8, replicas: 2 };
    const cursor = open(of, 1);
    for (const state of [
      { epoch: 0, position: 0 },
      { epoch: 0, position: cursor.batchesPerEpoch },
      { epoch: -1, position: 1 },
      { epoch: 0.5, position: 1 },
      { epoch: Number.NaN, position: 1 },
    ])
      expect(() => cursor.seek(state)).toThrow(TributaryError);
    expect(cursor.state()).toEqual({ epoch: 0, position: 1 });
    expect(() => open(of, 2)).toThrow(RangeError);
  });
});

describe('chooseShapes', () => {
  it('pads no more with more buckets, and holds every pair', () => {
    const lengths = pairLengths(randomSplit(9, 400, 60));
    const cost = (buckets: number): number => {
      const shapes = chooseShapes(lengths, 8, buckets);
      return lengths.source.reduce((sum, source, pair) => {
        const shape = shapes.find((each) => each.source >= source && each.target >= (lengths.target[pair] as number));
        return sum + (shape as { source: number }).source + (shape as { target: number }).target;
      }, 0);
    };
    const costs = [1, 2, 3, 4, 8, 16].map(cost);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    expect(costs[3]).toBeLessThan(0.9 * (costs[0] as number));
  });
});

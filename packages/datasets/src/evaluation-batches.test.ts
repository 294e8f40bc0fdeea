import { describe, expect, it } from 'vitest';
import { batchCursor } from './batch-cursor.js';
import { evaluationBatches, sampleExamples } from './evaluation-batches.js';
import { randomSplit } from './random-split.fixture.js';

describe('evaluationBatches', () => {
  it('covers every example once, with its first reference', () => {
    for (let seed = 0; seed < 12; seed++) {
      const split = randomSplit(seed, 1 + 9 * seed);
      const { batches } = evaluationBatches(split, { batchSize: 7, buckets: 3 });
      const examples = batches.flatMap((batch) => [...batch.examples]);
      expect(examples.slice().sort((a, b) => a - b)).toEqual(Array.from({ length: split.length }, (_, i) => i));
      expect(batches.flatMap(({ pairs }) => [...pairs])).toEqual(examples.map((example) => split.firstPair[example]));
      expect(evaluationBatches(split, { batchSize: 7, buckets: 3 }).batches).toEqual(batches);
    }
  });

  it('uses the training shapes, and one more where held-out pairs are longer', () => {
    const training = randomSplit(1, 200, 12);
    const { shapes } = batchCursor({
      split: training,
      seed: 1,
      task: 'a',
      replica: 0,
      replicas: 1,
      batchSize: 8,
      buckets: 4,
    });
    const fitting = evaluationBatches(randomSplit(2, 50, 8), { batchSize: 8, buckets: 4, shapes });
    expect(fitting.shapes).toEqual(shapes);
    const longer = evaluationBatches(randomSplit(3, 50, 30), { batchSize: 8, buckets: 4, shapes });
    expect(longer.shapes.slice(0, -1)).toEqual(shapes);
    expect(longer.batches.flatMap(({ examples }) => [...examples]).length).toBe(50);
  });

  it('limits to the same sample every time, nested by size', () => {
    const split = randomSplit(4, 90);
    const { batches } = evaluationBatches(split, { batchSize: 8, buckets: 4, limit: 10 });
    const examples = batches.flatMap((batch) => [...batch.examples]).sort((a, b) => a - b);
    expect(examples).toEqual([...sampleExamples(90, 10)]);
    const larger = new Set(sampleExamples(90, 30));
    expect(examples.every((example) => larger.has(example))).toBe(true);
    expect(sampleExamples(5, 10).length).toBe(5);
  });
});

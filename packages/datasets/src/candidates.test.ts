import { TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { candidateBatches } from './candidate-batches.js';
import { candidateCount, candidatesOf, requireCandidates } from './distractors.js';
import { decodeSplit, type EncodedSplit, encodeSplit } from './encoded-split.js';
import { randomSplit } from './random-split.fixture.js';

const key = (split: EncodedSplit, pair: number) => split.target(pair).join(' ');

/** Examples whose targets are the given single symbols. */
const splitOf = (targets: readonly (readonly number[])[]) =>
  decodeSplit(
    encodeSplit({
      sourceVocabulary: 100,
      targetVocabulary: 100,
      examples: targets.map((ofExample, index) => ({ source: [4 + index], targets: ofExample.map((id) => [id]) })),
    }),
  );

describe('candidates', () => {
  it('are the true target and 19 different ones of other examples, the same each time', () => {
    for (let seed = 0; seed < 8; seed++) {
      const split = randomSplit(seed, 60 + seed);
      const choose = candidatesOf(split);
      for (let example = 0; example < split.length; example++) {
        const pairs = choose(example);
        expect(pairs.length).toBe(candidateCount);
        expect(pairs[0]).toBe(split.firstPair[example]);
        const texts = pairs.map((pair) => key(split, pair));
        expect(new Set(texts).size).toBe(candidateCount);
        const own = split.example(example).targets.map((ids) => ids.join(' '));
        expect(texts.slice(1).filter((text) => own.includes(text))).toEqual([]);
        expect(candidatesOf(split)(example)).toEqual(pairs);
      }
    }
  });

  it('are drawn from all of the split', () => {
    const split = randomSplit(3, 100);
    const choose = candidatesOf(split);
    const drawn = new Map<number, number>();
    for (let example = 0; example < 100; example++)
      for (const pair of choose(example).slice(1)) drawn.set(pair, (drawn.get(pair) ?? 0) + 1);
    expect(drawn.size).toBeGreaterThan(90);
    expect(Math.max(...drawn.values())).toBeLessThan(19 * 4);
  });

  it('are refused of a split with too few different targets', () => {
    const distinctTargets = Array.from({ length: 20 }, (_, index) => [4 + index]);
    expect(() => requireCandidates(splitOf(distinctTargets), 'x')).not.toThrow();
    const repeated = [...distinctTargets.slice(0, 19), [4], [5], [6]];
    const refused = () => requireCandidates(splitOf(repeated), 'the test split of task "reply"');
    expect(refused).toThrow(TributaryError);
    expect(refused).toThrow(
      'Metric hits_at_1 ranks each target among 20, so the test split of task "reply" needs 20 different targets, and has 19',
    );
    // Two references of one example may be two of the others' targets.
    expect(() => requireCandidates(splitOf([[4, 5], ...distinctTargets.slice(1)]), 'x')).toThrow('needs 21');
  });
});

describe('candidateBatches', () => {
  it('holds every row once, its source with its target, in shapes that fit', () => {
    const split = randomSplit(5, 40);
    const rows = Array.from({ length: 90 }, (_, row) => ({ example: row % 40, pair: (row * 7) % split.pairCount }));
    const shapes = [
      { batch: 8, source: 6, target: 6 },
      { batch: 8, source: 14, target: 12 },
    ];
    const batches = candidateBatches(split, rows, { batchSize: 8, shapes });
    expect(batches.flatMap((batch) => batch.rows).sort((a, b) => a - b)).toEqual(rows.map((_, row) => row));
    for (const { batch, rows: inBatch } of batches) {
      inBatch.forEach((row, at) => {
        const { example, pair } = rows[row] as (typeof rows)[0];
        expect([batch.examples[at], batch.pairs[at]]).toEqual([example, pair]);
        const source = batch.source.subarray(at * batch.shape.source, (at + 1) * batch.shape.source);
        expect([...source].filter((id) => id !== 0)).toEqual([...split.source(example)]);
        const target = batch.target.subarray(at * (batch.shape.target + 1), (at + 1) * (batch.shape.target + 1));
        expect([...target].filter((id) => id !== 0)).toEqual([1, ...split.target(pair), 2]);
      });
    }
    const used = new Set(
      batches.map(({ batch }) => `${batch.shape.batch}x${batch.shape.source}x${batch.shape.target}`),
    );
    expect([...used].slice(0, 2)).toEqual(['8x6x6', '8x14x12']);
    expect(used.size).toBe(3);
  });
});

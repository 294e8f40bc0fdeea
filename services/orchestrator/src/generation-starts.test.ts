import { expect, it } from 'vitest';
import { mergeStarts, newestStarts, oldestKnown } from './generation-starts.js';

const start = (generation: number, resumeStep = 0) => ({ generation, resumeStep });

it('joins what the document and the rows know, each generation once', () => {
  expect(mergeStarts([start(2, 5), start(3, 9)], [start(1), start(2, 5)])).toEqual([
    start(1),
    start(2, 5),
    start(3, 9),
  ]);
});

it('trusts only generations whose later ones are all known', () => {
  expect(oldestKnown([])).toBe(Number.POSITIVE_INFINITY);
  expect(oldestKnown([start(1), start(2)])).toBe(1);
  expect(oldestKnown([start(1), start(3), start(4)])).toBe(3);
  const many = Array.from({ length: 500 }, (_, index) => start(index + 1, index));
  expect(oldestKnown(newestStarts(many))).toBe(301);
});

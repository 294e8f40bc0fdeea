import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { editDistance } from './edit-distance.js';

describe('editDistance', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['intention', 'execution', 5],
    ['flaw', 'lawn', 2],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['same', 'same', 0],
    ['', '', 0],
    ['ab', 'ba', 2],
    ['aab', 'ab', 1],
  ])('%s to %s is %i', (a, b, distance) => {
    expect(editDistance([...a], [...b])).toBe(distance);
    expect(editDistance([...b], [...a])).toBe(distance);
  });

  it('takes ids and typed arrays', () => {
    expect(editDistance(Int32Array.of(4, 5, 6), [4, 6, 7])).toBe(2);
  });

  it('equals the definition on random sequences', () => {
    const defined = (a: readonly number[], b: readonly number[]): number => {
      if (a.length === 0 || b.length === 0) return a.length + b.length;
      const rest = defined(a.slice(1), b.slice(1));
      if (a[0] === b[0]) return rest;
      return 1 + Math.min(rest, defined(a.slice(1), b), defined(a, b.slice(1)));
    };
    const stream = randomStream(1, 'edit-distance');
    const draw = () => Array.from({ length: stream.below(6) }, () => stream.below(3));
    for (let i = 0; i < 200; i++) {
      const [a, b] = [draw(), draw()];
      expect(editDistance(a, b)).toBe(defined(a, b));
    }
  });
});

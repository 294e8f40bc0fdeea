import { describe, expect, it } from 'vitest';
import { described, joined, newest, spread, withLive } from './plot-series.js';

const recorded = { label: 'spell', steps: [1, 4], values: [3, 2] };

describe('series of a plot', () => {
  it('are joined by step, and tell a missing point from one that is not finite', () => {
    expect(joined([recorded, { label: 'stress', steps: [2, 4], values: [null, 1] }])).toEqual([
      [1, 2, 4],
      [3, undefined, 2],
      [undefined, null, 1],
    ]);
    expect(joined([])).toEqual([[]]);
  });

  it('go on with live points beyond what is recorded, and only there', () => {
    const live = { label: 'spell', steps: [3, 4, 5], values: [9, 9, 1.5] };
    expect(withLive(recorded, live)).toEqual({ label: 'spell', steps: [1, 4, 5], values: [3, 2, 1.5] });
    expect(withLive(recorded, undefined)).toBe(recorded);
    expect(withLive({ label: 'spell', steps: [], values: [] }, live).steps).toEqual([3, 4, 5]);
    expect(withLive(recorded, { label: 'spell', steps: [2], values: [9] })).toEqual(recorded);
  });

  it('are told in words', () => {
    expect(newest({ label: '', steps: [1, 2, 3], values: [5, 4, null] })).toEqual({ step: 2, value: 4 });
    expect(newest({ label: '', steps: [], values: [] })).toBeNull();
    const format = (value: number) => value.toFixed(1);
    expect(described('Loss', [recorded], format)).toBe('Loss: spell from 3.0 at step 1 to 2.0 at step 4');
    expect(described('Loss', [recorded, recorded], format, 1)).toMatch(/step 4; and 1 more$/);
    expect(described('Loss', [{ label: 'a', steps: [1], values: [null] }], format)).toBe('Loss: nothing recorded yet');
  });

  it('are thinned to steps that keep both ends', () => {
    expect(spread([1, 2, 3], 5)).toEqual([1, 2, 3]);
    expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3)).toEqual([0, 5, 10]);
  });
});

import { describe, expect, it } from 'vitest';
import { sparkline } from './sparkline.js';

const series = (values: readonly number[], every = 1) => values.map((value, index) => ({ step: index * every, value }));

describe('a sparkline', () => {
  it('goes from the least to the greatest value', () => {
    expect(sparkline(series([0, 1, 2, 3, 4, 5, 6, 7]), 80)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline(series([7, 6, 5, 4, 3, 2, 1, 0], 100), 80)).toBe('█▇▆▅▄▃▂▁');
  });

  it('takes the mean of what falls into one column', () => {
    expect(sparkline(series([0, 0, 4, 4, 10, 6]), 3)).toBe('▁▅█');
  });

  it('shows what is not finite, and goes on where nothing was recorded', () => {
    expect(sparkline(series([1, Number.NaN, 2, Number.POSITIVE_INFINITY]), 80)).toBe('▁!█!');
    const gap = [...series([1, 2]), { step: 8, value: 3 }, { step: 9, value: 3 }, { step: 9, value: 3 }];
    expect(sparkline(gap, 80)).toBe('▁▁▁▁█');
  });

  it('of one value or none is no mistake', () => {
    expect(sparkline([], 80)).toBe('');
    expect(sparkline(series([3, 3, 3]), 80)).toBe('▅▅▅');
    expect(sparkline(series([Number.NaN]), 80)).toBe('!');
  });
});

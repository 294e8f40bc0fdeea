import type { HistoryDocument, RecordedNumber } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { chartOf } from './chart-option.js';

const history = (run: string, metric: string, values: readonly RecordedNumber[]): HistoryDocument => ({
  ...{ run, metric, kind: 'point', count: values.length, firstStep: 0, lastStep: values.length - 1 },
  ...{ first: null, last: null, min: null, max: null, better: 'min' },
  points: values.map((value, step) => ({ step, value })),
});
interface Line {
  readonly name: string;
  readonly xAxisIndex: number;
  readonly data: readonly unknown[];
  readonly lineStyle: { readonly color: string; readonly type: string };
}
const linesOf = (...args: Parameters<typeof chartOf>) => chartOf(...args).option.series as readonly Line[];

describe('a chart', () => {
  it('gives a run one look in every panel, and no two runs the same', () => {
    const runs = Array.from({ length: 20 }, (_, index) => `run-${index}`);
    const metrics = ['a', 'b'];
    const lines = linesOf(
      runs,
      metrics,
      metrics.flatMap((metric) => runs.map((run) => history(run, metric, [1]))),
      { log: false },
    );
    const look = ({ lineStyle }: Line) => `${lineStyle.color} ${lineStyle.type}`;
    expect(new Set(lines.map(look)).size).toBe(runs.length);
    for (const run of runs) expect(new Set(lines.filter(({ name }) => name === run).map(look)).size, run).toBe(1);
    expect(lines.map(({ xAxisIndex }) => xAxisIndex)).toEqual([...runs.map(() => 0), ...runs.map(() => 1)]);
  });

  it('leaves a gap where there is nothing to draw', () => {
    const values: RecordedNumber[] = [1, 'NaN', -2, 'Infinity', 0];
    const drawn = (log: boolean) => linesOf(['r'], ['m'], [history('r', 'm', values)], { log })[0]?.data;
    expect(drawn(false)).toEqual([
      [0, 1],
      [1, '-'],
      [2, -2],
      [3, '-'],
      [4, 0],
    ]);
    expect(drawn(true)).toEqual([
      [0, 1],
      [1, '-'],
      [2, '-'],
      [3, '-'],
      [4, '-'],
    ]);
  });

  it('names only runs that it draws', () => {
    const { option } = chartOf(['a', 'b'], ['m'], [history('b', 'm', [1])], { log: false });
    expect(option.legend).toMatchObject({ data: ['b'] });
  });
});

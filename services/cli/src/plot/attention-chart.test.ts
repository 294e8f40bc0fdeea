import { describe, expect, it } from 'vitest';
import { attentionChart } from './attention-chart.js';

const document = (rows: number, columns: number) => ({
  source: Array.from({ length: columns }, (_, index) => (index === 1 ? ' ' : `s${index}`)),
  output: Array.from({ length: rows }, (_, index) => (index === rows - 1 ? '</s>' : `o${index}`)),
  weights: Array.from({ length: rows }, () => new Array<number>(columns).fill(1 / columns)),
});

describe('attentionChart', () => {
  it('has a labelled row for each symbol of the output, a column for each of the source', () => {
    const chart = attentionChart(document(3, 5), 'run · task');
    const { xAxis, yAxis, series } = chart.option as {
      xAxis: { data: string[]; axisLabel: { formatter(value: string, index: number): string } };
      yAxis: { data: string[]; axisLabel: { formatter(value: string, index: number): string } };
      series: { data: [number, number, number][] }[];
    };
    expect(xAxis.data.map((value, index) => xAxis.axisLabel.formatter(value, index))).toEqual([
      's0',
      '␣',
      's2',
      's3',
      's4',
    ]);
    expect(yAxis.data.map((value, index) => yAxis.axisLabel.formatter(value, index))).toEqual(['o0', 'o1', '</s>']);
    expect(series[0]?.data).toHaveLength(15);
    expect(series[0]?.data[7]).toEqual([2, 1, 0.2]);
  });

  it('says so where a map could not be read', () => {
    expect(() => attentionChart(document(2, 201), 'x')).toThrow(
      'A map of 2 by 201 symbols cannot be read; draw at most',
    );
  });
});

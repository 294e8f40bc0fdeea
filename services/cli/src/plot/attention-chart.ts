import { type AttentionDocument, TributaryError } from '@tributary/protocol';
import type { Chart } from './chart-option.js';

/** Pixels of a cell, and of a letter of a label. */
const cell = 26;
const letter = 8;
const margin = { right: 110, top: 60, bottom: 24 } as const;
/** Letters of a label that are drawn. */
const longestLabel = 18;
/** Symbols on a side: more are no longer read. */
export const mostSymbols = 200;

/**
 * The attention of one output as a heat map: a row for each of its symbols, a column for each of the source's, darker where
 * more of it was read.
 * @throws TributaryError `TOO_LARGE` where a side has more symbols than can be read
 */
export function attentionChart({ source, output, weights }: AttentionDocument, title: string): Chart {
  if (Math.max(source.length, output.length) > mostSymbols)
    throw new TributaryError(
      'TOO_LARGE',
      `A map of ${output.length} by ${source.length} symbols cannot be read; draw at most ${mostSymbols} on a side (--max-length), or take the numbers with --json.`,
    );
  const rows = output.map(label);
  const columns = source.map(label);
  const left = 30 + letter * longest(rows);
  const top = margin.top + letter * longest(columns);
  const width = Math.max(420, left + cell * columns.length + margin.right);
  const height = top + cell * rows.length + margin.bottom;
  const axis = {
    type: 'category',
    splitArea: { show: false },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: '#555555' } },
  } as const;
  return {
    width,
    height: Math.max(height, top + 140 + margin.bottom),
    option: {
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif', color: '#1a1a1a' },
      title: { text: title, left: 12, top: 10, textStyle: { fontSize: 15, fontWeight: 'bold', color: '#1a1a1a' } },
      grid: { left, top, width: cell * columns.length, height: cell * rows.length },
      xAxis: {
        ...axis,
        // Symbols repeat: a category is its place.
        data: columns.map((_, place) => String(place)),
        position: 'top',
        axisLabel: { ...labels(columns), rotate: longest(columns) > 2 ? 90 : 0 },
      },
      yAxis: { ...axis, data: rows.map((_, place) => String(place)), inverse: true, axisLabel: labels(rows) },
      visualMap: {
        min: 0,
        max: 1,
        calculable: false,
        right: 12,
        top,
        text: ['1', '0'],
        inRange: { color: ['#ffffff', '#9ecae1', '#0072B2', '#08306b'] },
        textStyle: { color: '#333333' },
      },
      series: [
        {
          type: 'heatmap',
          data: weights.flatMap((row, y) => row.map((weight, x) => [x, y, weight])),
          itemStyle: { borderColor: '#eeeeee', borderWidth: 1 },
        },
      ],
    },
  };
}

const labels = (names: readonly string[]) => ({
  interval: 0,
  fontSize: 13,
  color: '#1a1a1a',
  formatter: (_value: string, index: number) => names[index] ?? '',
});

/** White space and what cannot be seen gets a sign. */
function label(symbol: string): string {
  const seen = symbol.replace(/ /gu, '␣').replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd');
  const letters = [...seen];
  return letters.length > longestLabel ? `${letters.slice(0, longestLabel - 1).join('')}…` : seen;
}

const longest = (texts: readonly string[]): number => Math.max(1, ...texts.map((text) => [...text].length));

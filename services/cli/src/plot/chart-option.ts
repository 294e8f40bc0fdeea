import type { HistoryDocument } from '@tributary/protocol';
import type { EChartsCoreOption } from 'echarts/core';

/** Colours that people with any kind of colour blindness tell apart (Okabe and Ito), the strongest on white first. */
const colours = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000'] as const;
/** Once all colours are used, lines differ by their dashes too. */
const dashes = ['solid', 'dashed', 'dotted'] as const;

/** Pixels. */
export const chartWidth = 960;
const panelHeight = 300;
const margin = { left: 90, right: 30, top: 44, bottom: 52 } as const;
const legendRow = 42;
/** A legend's entry: its line, what lies between entries, and a letter. */
const [legendLine, legendGap, letter] = [34, 30, 8.2];

export interface ChartOptions {
  /** A logarithmic axis of values; what is not above 0 is left out then. */
  readonly log: boolean;
}

/** How a plot is written: what the drawing library needs to know, and its size in pixels. */
export interface Chart {
  readonly option: EChartsCoreOption;
  readonly height: number;
  /** Default: that of plots of runs. */
  readonly width?: number;
}

/**
 * One panel a metric, one under the other, with one line a run; equal runs have equal colours everywhere. Values that are not finite
 * leave a gap.
 * @param histories in the order of the runs; a run without a metric has none
 */
export function chartOf(
  runs: readonly string[],
  metrics: readonly string[],
  histories: readonly HistoryDocument[],
  { log }: ChartOptions,
): Chart {
  const named = runs.filter((run) => histories.some((history) => history.run === run));
  const legendHeight = legendRows(named) * legendRow;
  const panel = panelHeight + margin.top + margin.bottom;
  const option: EChartsCoreOption = {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif', color: '#1a1a1a' },
    color: [...colours],
    legend: {
      data: named,
      top: 6,
      left: margin.left,
      width: chartWidth - margin.left - margin.right,
      itemWidth: legendLine,
      // Widths of texts are estimates where no font is at hand.
      itemGap: legendGap,
      textStyle: { fontSize: 13, color: '#1a1a1a' },
    },
    title: metrics.map((metric, index) => ({
      text: metric,
      left: margin.left,
      top: legendHeight + index * panel + 10,
      textStyle: { fontSize: 15, fontWeight: 'bold', color: '#1a1a1a' },
    })),
    grid: metrics.map((_, index) => ({
      left: margin.left,
      right: margin.right,
      top: legendHeight + index * panel + margin.top,
      height: panelHeight,
      containLabel: false,
    })),
    xAxis: metrics.map((_, index) => ({
      type: 'value',
      gridIndex: index,
      name: 'step',
      nameLocation: 'middle',
      nameGap: 32,
      min: 'dataMin',
      max: 'dataMax',
      ...axisStyle,
    })),
    yAxis: metrics.map((metric, index) => ({
      type: log ? 'log' : 'value',
      gridIndex: index,
      name: lastWords(metric),
      nameLocation: 'middle',
      nameGap: 62,
      scale: true,
      ...axisStyle,
      axisLabel: { ...axisStyle.axisLabel, formatter: axisNumber },
    })),
    series: histories.map(({ run, metric, points }) => {
      const place = runs.indexOf(run);
      const colour = colours[place % colours.length];
      return {
        name: run,
        type: 'line',
        xAxisIndex: metrics.indexOf(metric),
        yAxisIndex: metrics.indexOf(metric),
        data: points.map(({ step, value }) => [step, isDrawn(value, log) ? value : '-']),
        showSymbol: points.length < 40,
        symbol: 'circle',
        symbolSize: 5,
        connectNulls: false,
        lineStyle: { width: 1.8, color: colour, type: dashes[Math.floor(place / colours.length) % dashes.length] },
        itemStyle: { color: colour },
      };
    }),
  };
  return { option, height: legendHeight + metrics.length * panel };
}

const axisStyle = {
  nameTextStyle: { fontSize: 13, color: '#1a1a1a' },
  axisLabel: { fontSize: 12, color: '#333333', hideOverlap: true },
  axisLine: { show: true, lineStyle: { color: '#555555' } },
  splitLine: { lineStyle: { color: '#e3e3e3' } },
} as const;

/** How many rows the names take. */
function legendRows(names: readonly string[]): number {
  let rows = 1;
  let taken = 0;
  for (const name of names) {
    const width = legendLine + legendGap + name.length * letter;
    if (taken > 0 && taken + width > chartWidth - margin.left - margin.right) {
      rows += 1;
      taken = 0;
    }
    taken += width;
  }
  return rows;
}

/** `12000`, `0.25`, `1e-5` */
function axisNumber(value: number): string {
  const short = Number(value.toPrecision(6));
  const size = Math.abs(short);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? short.toExponential().replace('e+', 'e') : String(short);
}

function isDrawn(value: HistoryDocument['points'][number]['value'], log: boolean): boolean {
  return typeof value === 'number' && (!log || value > 0);
}

/** `spell.train.loss` → `train.loss`: the panel's title has the whole name. */
function lastWords(metric: string): string {
  return metric.split('.').slice(-2).join('.');
}

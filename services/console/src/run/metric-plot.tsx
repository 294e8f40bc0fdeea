import type { ComponentChildren } from 'preact';
import { useApi } from '../api/api-context.js';
import { ApiError } from '../api/api-error.js';
import { useResource } from '../api/use-resource.js';
import { Stale } from '../parts/stale.js';
import { Plot } from '../plots/plot.js';
import { type PlotSeries, withLive } from '../plots/plot-series.js';
import type { LiveSeries } from './live-series.js';

/** Points of a series that are asked for: as many as a plot has room for. */
export const historyPoints = 320;

export interface MetricLine {
  readonly run: string;
  readonly metric: string;
  readonly label: string;
}

export interface MetricPlotProps {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly MetricLine[];
  readonly format: (value: number) => string;
  /** Null: what is recorded does not change. */
  readonly everyMs: number | null;
  readonly live?: LiveSeries;
  readonly tools?: ComponentChildren;
}

/** Recorded metrics as lines, and after them what is live. */
export function MetricPlot({ title, unit, lines, format, everyMs, live, tools }: MetricPlotProps) {
  const client = useApi();
  const key = lines.map(({ run, metric }) => `${run} ${metric}`).join('\n');
  const history = useResource(key === '' ? null : key, everyMs, (signal) =>
    Promise.all(
      lines.map(async ({ run, metric }): Promise<PlotSeries> => {
        const { points } = await client.history(run, metric, historyPoints, signal).catch(nothingRecorded);
        return {
          label: metric,
          steps: points.map(({ step }) => step),
          values: points.map(({ value }) => (typeof value === 'number' ? value : null)),
        };
      }),
    ),
  );
  const series = lines.map(({ metric, label }, index) => {
    const recorded = history.data?.[index] ?? { label, steps: [], values: [] };
    return withLive({ ...recorded, label }, live?.of(metric));
  });
  const loading = history.data === null && history.error === null && lines.length > 0;
  return (
    <Plot
      title={title}
      unit={unit}
      series={series}
      format={format}
      empty={loading ? 'Loading…' : 'Nothing recorded yet: the first points come with the first steps.'}
      tools={tools}
    >
      {history.data === null && history.error !== null ? (
        <p class="plot-note" role="status">
          Recorded points could not be loaded: {history.error}
        </p>
      ) : null}
      <Stale of={history} />
    </Plot>
  );
}

/** A run that has only begun has recorded nothing of a metric. */
function nothingRecorded(error: unknown): { points: [] } {
  if (error instanceof ApiError && (error.code === 'METRIC_NOT_FOUND' || error.code === 'NOT_RECORDED'))
    return { points: [] };
  throw error;
}

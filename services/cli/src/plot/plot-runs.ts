import { type HistoryDocument, TributaryError } from '@tributary/protocol';
import type { ApiClient } from '../api-client.js';
import { chartOf } from './chart-option.js';
import { drawChart, requireFormat } from './draw-chart.js';

/** Points of one line: more than there are pixels. */
const pointsPerLine = 2_000;
/** More lines than this are a knot. */
const mostLines = 60;

export interface PlotRequest {
  readonly runs: readonly string[];
  readonly metrics: readonly string[];
  /** Ends in .svg or .png. */
  readonly out: string;
  readonly log: boolean;
}

/** What was drawn, and what could not be: the runs that lack a metric, by metric. */
export interface PlotReport {
  readonly out: string;
  readonly lines: number;
  readonly missing: readonly { readonly run: string; readonly metric: string }[];
}

/**
 * Draws metrics of runs into a file.
 * @throws TributaryError `SPEC_INVALID` where the file's name says no format, `METRIC_NOT_FOUND` where no run has a metric
 */
export async function plotRuns(client: ApiClient, request: PlotRequest): Promise<PlotReport> {
  const { out, log } = request;
  const [runs, metrics] = [[...new Set(request.runs)], [...new Set(request.metrics)]];
  requireFormat(out, 'loss');
  if (runs.length * metrics.length > mostLines)
    throw new TributaryError(
      'SPEC_INVALID',
      `${runs.length} runs with ${metrics.length} metrics are more than ${mostLines} lines; plot fewer at once.`,
    );
  const histories: HistoryDocument[] = [];
  const missing: { run: string; metric: string }[] = [];
  for (const metric of metrics) {
    let refusal: unknown;
    const before = histories.length;
    for (const run of runs)
      try {
        histories.push(await client.history(run, metric, pointsPerLine));
      } catch (error) {
        if (!(error instanceof TributaryError && error.code === 'METRIC_NOT_FOUND')) throw error;
        refusal = error;
        missing.push({ run, metric });
      }
    if (histories.length === before) throw refusal;
  }
  await drawChart(chartOf(runs, metrics, histories, { log }), out);
  return { out, lines: histories.length, missing };
}

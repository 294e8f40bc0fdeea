import { TributaryError } from '@tributary/protocol';
import {
  type Db,
  downsampledHistory,
  history,
  type MetricSeries,
  type RunRow,
  requireMetric,
  requireRun,
} from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { type MlflowMetric, metricSchema, mlflowErrorSchema, optionalText, textList } from './mlflow-documents.js';
import { MlflowError } from './mlflow-errors.js';
import { mlflowMetric } from './mlflow-runs.js';
import { namedRun, runIdFields } from './named-run.js';

/** As MLflow's clients ask for them. */
const pointsOfPage = 25_000;
/** As MLflow's web page draws them. */
const pointsOfInterval = 320;
const mostRuns = 100;
const step = z.coerce.number().int();

/** Histories of metrics as MLflow's clients read them. */
export function metricRoutes({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/get-history',
      schema: {
        summary: 'MLflow: every point of a metric by step, page by page',
        querystring: z.object({
          ...runIdFields,
          metric_key: z.string(),
          max_results: z.coerce.number().int().min(1).max(pointsOfPage).default(pointsOfPage),
          page_token: optionalText,
        }),
        response: {
          200: z.object({ metrics: z.array(metricSchema), next_page_token: z.string().optional() }),
          default: mlflowErrorSchema,
        },
      },
      handler: async ({ query }) => {
        const run = await requireRun(db, namedRun(query));
        return await historyPage(db, run, query.metric_key, { limit: query.max_results, page: query.page_token });
      },
    });
    app.route({
      method: 'GET',
      url: '/get-history-bulk-interval',
      schema: {
        summary: 'MLflow: a metric of several runs, thinned out for drawing',
        querystring: z.object({
          run_ids: textList,
          metric_key: z.string(),
          start_step: step.optional(),
          end_step: step.optional(),
          max_results: z.coerce.number().int().min(5).max(2500).default(pointsOfInterval).describe('Of each run.'),
        }),
        response: {
          200: z.object({ metrics: z.array(metricSchema.extend({ run_id: z.string() })) }),
          default: mlflowErrorSchema,
        },
      },
      handler: async ({ query: { run_ids, metric_key, start_step, end_step, max_results } }) => {
        if (run_ids.length === 0 || run_ids.length > mostRuns)
          throw new MlflowError(400, 'INVALID_PARAMETER_VALUE', `Name 1 to ${mostRuns} runs as run_ids.`);
        const metrics: (MlflowMetric & { run_id: string })[] = [];
        for (const name of run_ids) {
          const run = await requireRun(db, name);
          const series = await seriesOf(db, run.run, metric_key);
          const part = series && within(series, start_step ?? 0, end_step ?? Number.MAX_SAFE_INTEGER);
          if (!part) continue;
          for (const point of await downsampledHistory(db, part, max_results))
            metrics.push({ ...mlflowMetric(run, metric_key, point), run_id: run.run });
        }
        return { metrics };
      },
    });
  };
}

async function historyPage(
  db: Db,
  run: RunRow,
  metric: string,
  { limit, page }: { readonly limit: number; readonly page?: string | undefined },
): Promise<{ metrics: MlflowMetric[]; next_page_token?: string }> {
  const afterStep = page === undefined ? -1 : Number(/^s(\d+)$/.exec(page)?.[1] ?? Number.NaN);
  if (!(afterStep <= 0x7fffffff))
    throw new MlflowError(400, 'INVALID_PARAMETER_VALUE', `"${page}" is no page token of a metric's history.`);
  const series = await seriesOf(db, run.run, metric);
  if (series === null) return { metrics: [] };
  const { subject, series: name, kind } = series;
  const points = await history(db, run.run, subject as never, name, { kind, afterStep, limit: limit + 1 });
  const shown = points.slice(0, limit);
  const last = shown.at(-1);
  return {
    metrics: shown.map((point) => mlflowMetric(run, metric, point)),
    ...(last !== undefined && points.length > limit ? { next_page_token: `s${last.step}` } : {}),
  };
}

/** MLflow answers an unknown metric of a known run with nothing. */
async function seriesOf(db: Db, run: string, metric: string): Promise<MetricSeries | null> {
  try {
    return await requireMetric(db, run, metric);
  } catch (error) {
    if (error instanceof TributaryError && error.code === 'METRIC_NOT_FOUND') return null;
    throw error;
  }
}

/** The part of a series between two steps, with as many points as there can be. */
function within(series: MetricSeries, from: number, to: number): MetricSeries | null {
  if (series.firstStep === null || series.lastStep === null) return null;
  const [firstStep, lastStep] = [Math.max(series.firstStep, from), Math.min(series.lastStep, to)];
  if (firstStep > lastStep) return null;
  return { ...series, firstStep, lastStep, count: Math.min(series.count, lastStep - firstStep + 1) };
}

import { exportHistoryCsv, fewestPoints, requireMetric } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { errorSchema } from '../document-schemas.js';
import { historySchema } from '../history-schemas.js';
import { metricDocument } from '../metric-document.js';
import type { Transfers } from '../transfers.js';

const runParams = z.object({ run: z.string().max(64) });
const metric = z
  .string()
  .min(1)
  .max(400)
  .describe('`grad_norm`, of a task `spell.train.loss`, of a lane `lane:0.train.loss`.');

/** A metric over the steps of a run. */
export function historyRoutes({ db, reads }: ApiDeps, transfers: Transfers): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/runs/:run/history',
      schema: {
        summary:
          'A metric over the steps of a run, thinned where it has more points: each stretch of steps keeps its ends and extremes',
        params: runParams,
        querystring: z.strictObject({
          metric,
          points: z.coerce.number().int().min(fewestPoints).max(20_000).default(320).describe('At most so many.'),
        }),
        response: { 200: historySchema, default: errorSchema },
      },
      handler: async ({ params: { run }, query }) => await metricDocument(reads, run, query.metric, query.points),
    });
    app.route({
      method: 'GET',
      url: '/runs/:run/history.csv',
      schema: {
        summary: 'Every point of a metric as CSV (step,value), streamed',
        params: runParams,
        querystring: z.strictObject({ metric }),
        produces: ['text/csv'],
      },
      handler: async ({ params: { run }, query }, reply) => {
        const series = await requireMetric(reads, run, query.metric);
        return reply
          .header('content-type', 'text/csv; charset=utf-8')
          .send(transfers.out(() => exportHistoryCsv(db, series)));
      },
    });
  };
}

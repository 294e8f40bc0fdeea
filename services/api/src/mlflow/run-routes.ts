import { requireRun } from '@tributary/run-store';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { mlflowErrorSchema, optionalText, runSchema, textList, viewTypeSchema } from './mlflow-documents.js';
import { mlflowRuns } from './mlflow-runs.js';
import { searchMlflowRuns } from './mlflow-search.js';
import { namedRun, runIdFields } from './named-run.js';

/** Runs as MLflow's clients read them. */
export function runRoutes({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/search',
      schema: {
        summary: 'MLflow: runs of some experiments, by filter and order, page by page',
        body: z.object({
          experiment_ids: textList.describe('Names of experiments; of none, no run.'),
          filter: optionalText.describe("MLflow's syntax, and that of GET /v1/runs."),
          run_view_type: viewTypeSchema.describe('An archived run is deleted, as MLflow calls it.'),
          max_results: z.number().int().min(1).max(50_000).default(1000),
          order_by: textList.describe('E.g. metrics.spell.validation.loss ASC.'),
          page_token: optionalText,
        }),
        response: {
          200: z.object({ runs: z.array(runSchema), next_page_token: z.string().optional() }),
          default: mlflowErrorSchema,
        },
      },
      handler: async ({ body }, reply) => {
        const page = await searchMlflowRuns(db, {
          experiments: body.experiment_ids,
          filter: body.filter,
          view: body.run_view_type,
          orderBy: body.order_by,
          limit: body.max_results,
          page: body.page_token,
        });
        const runs = await mlflowRuns(db, page.runs);
        const next = page.next === null ? '' : `,"next_page_token":${JSON.stringify(page.next)}`;
        return sendJson(reply, `{"runs":[${runs.join()}]${next}}`);
      },
    });
    app.route({
      method: 'GET',
      url: '/get',
      schema: {
        summary: 'MLflow: a run',
        querystring: z.object(runIdFields),
        response: { 200: z.object({ run: runSchema.optional() }), default: mlflowErrorSchema },
      },
      handler: async ({ query }, reply) => {
        const [run] = await mlflowRuns(db, [await requireRun(db, namedRun(query))]);
        return sendJson(reply, run === undefined ? '{}' : `{"run":${run}}`);
      },
    });
  };
}

/** Sends what is JSON already; as bytes, so that it is not written as a text once more. */
function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(Buffer.from(json));
}

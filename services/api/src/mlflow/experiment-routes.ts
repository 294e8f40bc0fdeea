import { type Db, findExperiment } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { experimentSchema, mlflowErrorSchema, optionalText, textList, viewTypeSchema } from './mlflow-documents.js';
import { MlflowError } from './mlflow-errors.js';
import { experimentDocument, searchExperiments } from './mlflow-experiments.js';

const search = z.object({
  filter: optionalText.describe("By name: name LIKE 'words%'."),
  view_type: viewTypeSchema.describe('No experiment is ever deleted: there are none of DELETED_ONLY.'),
  order_by: textList.describe('E.g. last_update_time DESC.'),
  max_results: z.coerce.number().int().min(1).max(50_000).default(1000),
  page_token: optionalText,
});

const answers = { default: mlflowErrorSchema };

/** Experiments as MLflow's clients read them; an experiment's id is its name. */
export function experimentRoutes({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZod {
  const found = async ({ filter, view_type, order_by, max_results, page_token }: z.output<typeof search>) => {
    if (view_type === 'DELETED_ONLY') return { experiments: [] };
    const options = { filter, orderBy: order_by, limit: max_results, page: page_token };
    const { experiments, next } = await searchExperiments(db, options);
    return { experiments, ...(next === undefined ? {} : { next_page_token: next }) };
  };
  const list = z.object({ experiments: z.array(experimentSchema), next_page_token: z.string().optional() });
  const summary = 'MLflow: experiments, the newest run first';
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/search',
      schema: { summary, body: search, response: { 200: list, ...answers } },
      handler: async ({ body }) => await found(body),
    });
    app.route({
      method: 'GET',
      url: '/search',
      schema: { summary, querystring: search, response: { 200: list, ...answers } },
      handler: async ({ query }) => await found(query),
    });
    app.route({
      method: 'GET',
      url: '/get',
      schema: {
        summary: 'MLflow: an experiment by its id',
        querystring: z.object({ experiment_id: z.string() }),
        response: { 200: z.object({ experiment: experimentSchema }), ...answers },
      },
      handler: async ({ query }) => await experimentOf(db, query.experiment_id),
    });
    app.route({
      method: 'GET',
      url: '/get-by-name',
      schema: {
        summary: 'MLflow: an experiment by its name',
        querystring: z.object({ experiment_name: z.string() }),
        response: { 200: z.object({ experiment: experimentSchema }), ...answers },
      },
      handler: async ({ query }) => await experimentOf(db, query.experiment_name),
    });
  };
}

async function experimentOf(db: Db, name: string) {
  const row = await findExperiment(db, name);
  if (row === null)
    throw new MlflowError(
      404,
      'RESOURCE_DOES_NOT_EXIST',
      `There is no experiment "${name}"; an experiment's id is its name, and it is there from its first run on.`,
    );
  return { experiment: experimentDocument(row) };
}

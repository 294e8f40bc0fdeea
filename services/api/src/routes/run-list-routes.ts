import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps } from '../api-deps.js';
import { errorSchema } from '../document-schemas.js';
import { listRunDocuments } from '../list-runs.js';
import { runListQuerySchema, runListSchema } from '../run-list-schemas.js';

export function runListRoutes({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/runs',
      schema: {
        summary: 'Runs by filter and order, page by page; archived ones only where the filter speaks of them',
        querystring: runListQuerySchema,
        response: { 200: runListSchema, default: errorSchema },
      },
      handler: async ({ query }) => await listRunDocuments(db, query),
    });
  };
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps } from '../api-deps.js';
import { errorSchema, workerListSchema } from '../document-schemas.js';
import { workerDocuments } from '../live-workers.js';

export function workerRoutes({ db }: ApiDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/workers',
      schema: {
        summary: 'Every worker that was ever seen, and whether it is live',
        response: { 200: workerListSchema, default: errorSchema },
      },
      handler: async () => ({ workers: await workerDocuments(db) }),
    });
  };
}

import { giveUpRuns } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import type { BackgroundPurge } from '../background-purge.js';
import { errorSchema } from '../document-schemas.js';
import { deletionReplySchema, runIdsSchema } from '../history-schemas.js';

/** Longest that a request waits for a purge; whoever wants more asks again. */
const longestWaitMs = 20_000;

const waitMs = z.coerce.number().int().min(0).max(longestWaitMs).default(0);

export function deletionRoutes({ db }: ApiDeps, purge: BackgroundPurge): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/runs/delete',
      schema: {
        summary:
          'Delete runs at rest for good, with their checkpoints: at once for every reader, their data in the background',
        body: runIdsSchema,
        response: { 202: deletionReplySchema, default: errorSchema },
      },
      handler: async ({ body: { runs } }, reply) => {
        const deleted = await giveUpRuns(db, runs);
        purge.wake();
        return reply.status(202).send({ deleted, purging: await purge.settled(0) });
      },
    });
    app.route({
      method: 'POST',
      url: '/runs/purge',
      schema: {
        summary: 'Go on with what deleted runs have left, and wait for it for a while',
        querystring: z.strictObject({ waitMs: waitMs.describe('Longest wait in milliseconds.') }),
        response: { 200: deletionReplySchema, default: errorSchema },
      },
      handler: async ({ query }) => {
        purge.wake();
        return { deleted: [], purging: await purge.settled(query.waitMs) };
      },
    });
  };
}

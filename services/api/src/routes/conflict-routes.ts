import { TributaryError } from '@tributary/protocol';
import { conflicts, defaultConflictBuckets } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { conflictsSchema, errorSchema } from '../document-schemas.js';

const step = z.coerce.number().int().min(0).max(0x7fffffff);

export function conflictRoutes({ db }: ApiDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/runs/:run/conflicts',
      schema: {
        summary:
          'Which tasks pull the shared parameters apart, and when: cosines of their gradients by pair and over time',
        params: z.object({ run: z.string().max(64) }),
        querystring: z.strictObject({
          group: z
            .string()
            .max(200)
            .optional()
            .describe('One group of parameters; default: the whole shared gradient.'),
          from: step.optional().describe('First step.'),
          to: step.optional().describe('Last step.'),
          buckets: z.coerce
            .number()
            .int()
            .min(1)
            .max(500)
            .default(defaultConflictBuckets)
            .describe('Equal stretches of steps; never more than were recorded.'),
        }),
        response: { 200: conflictsSchema, default: errorSchema },
      },
      handler: async ({ params: { run }, query: { group, from, to, buckets } }) => {
        if (from !== undefined && to !== undefined && from > to)
          throw new TributaryError('DATA_INVALID', `Steps from ${from} to ${to} are none; give the smaller as from.`);
        const found = await conflicts(db, run, {
          buckets,
          ...(group === undefined ? {} : { group }),
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        });
        return { run, ...found };
      },
    });
  };
}

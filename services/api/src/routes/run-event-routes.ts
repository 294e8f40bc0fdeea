import { requireRun } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { EventStreams } from '../event-streams.js';
import { runEventStream } from '../run-event-stream.js';

export function runEventRoutes({ namespace, heartbeatMs = 5_000 }: ApiOptions, deps: ApiDeps): FastifyPluginAsyncZod {
  return async (app) => {
    const streams = new EventStreams(app);
    app.route({
      method: 'GET',
      url: '/runs/:run/events',
      schema: {
        summary: 'Live events of a run (server-sent events): its state, then progress, until it is at rest',
        params: z.object({ run: z.string().max(64) }),
        produces: ['text/event-stream'],
      },
      handler: async ({ params: { run } }, reply) => {
        await requireRun(deps.db, run);
        return streams.send(reply, (signal) => runEventStream(run, { namespace, heartbeatMs, signal }, deps));
      },
    });
  };
}

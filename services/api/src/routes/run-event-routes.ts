import { Readable } from 'node:stream';
import { requireRun } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { runEventStream } from '../run-event-stream.js';

export function runEventRoutes({ namespace, heartbeatMs = 5_000 }: ApiOptions, deps: ApiDeps): FastifyPluginAsyncZod {
  return async (app) => {
    const open = new Set<AbortController>();
    // Streams never end by themselves while their run goes on.
    app.addHook('preClose', async () => {
      for (const controller of open) controller.abort();
    });
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
        const controller = new AbortController();
        open.add(controller);
        const events = runEventStream(run, { namespace, heartbeatMs, signal: controller.signal }, deps);
        const body = Readable.from(events);
        reply.raw.once('close', () => controller.abort());
        body.once('close', () => open.delete(controller));
        return reply
          .header('content-type', 'text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          .send(body);
      },
    });
  };
}

import type { HealthDocument } from '@tributary/protocol';
import { searchRuns } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { errorSchema, healthSchema } from '../document-schemas.js';
import { requireTemporal } from '../run-workflows.js';

export function healthRoutes(options: ApiOptions, { db, nats, temporal }: ApiDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/health',
      schema: {
        summary: 'Whether the API and the servers behind it answer',
        response: { 200: healthSchema, default: errorSchema },
      },
      handler: async (): Promise<HealthDocument> => {
        const [postgres, broker, workflows] = await Promise.all([
          answer(() => searchRuns(db, { limit: 1 })),
          answer(() => nats.flush()),
          answer(() => requireTemporal(temporal)),
        ]);
        const servers = { postgres, nats: broker, temporal: workflows };
        const ok = Object.values(servers).every((each) => each === 'ok');
        return { status: ok ? 'ok' : 'degraded', version: '0.1.0', servers, links: options.links };
      },
    });
  };
}

async function answer(ask: () => Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('does not answer within 5 s'), 5_000);
  });
  const asked = ask().then(
    () => 'ok',
    (error: unknown) => (error instanceof Error && error.message !== '' ? error.message : 'does not answer'),
  );
  return await Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

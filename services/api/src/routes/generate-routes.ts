import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { errorSchema, generateReplySchema, generateSchema } from '../document-schemas.js';
import { generateTexts } from '../generate-texts.js';

export function generateRoutes(
  { namespace, generateTimeoutMs = 60_000 }: ApiOptions,
  deps: ApiDeps,
): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/generate',
      schema: {
        summary: 'Generate with the newest checkpoint of a run',
        body: generateSchema,
        response: { 200: generateReplySchema, default: errorSchema },
      },
      handler: async ({ body }) => await generateTexts(body, { namespace, timeoutMs: generateTimeoutMs }, deps),
    });
  };
}

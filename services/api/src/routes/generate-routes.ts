import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { errorSchema } from '../document-schemas.js';
import { generateReplySchema, generateSchema, modelSchema } from '../generate-schemas.js';
import { generateTexts, newestModel } from '../generate-texts.js';
import { objectOfRun } from '../object-of-run.js';

const runParams = z.object({ run: z.string().max(64) });

/** Generating by a worker, and what a process needs that generates itself. */
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
    app.route({
      method: 'GET',
      url: '/runs/:run/model',
      schema: {
        summary: 'Keys of the newest checkpoint of a run and of what it is read with',
        params: runParams,
        response: { 200: modelSchema, default: errorSchema },
      },
      handler: async ({ params: { run } }) => await newestModel(run, deps),
    });
    app.route({
      method: 'GET',
      url: '/runs/:run/objects',
      schema: {
        summary: 'Bytes of one object of a run: its prepared form, or a file of its committed checkpoints',
        params: runParams,
        querystring: z.strictObject({ key: z.string().min(1).max(512) }),
        produces: ['application/octet-stream'],
      },
      handler: async ({ params: { run }, query: { key } }, reply) => {
        const bytes = await objectOfRun(run, key, deps);
        return reply.type('application/octet-stream').send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      },
    });
  };
}

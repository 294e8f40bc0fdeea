import swagger from '@fastify/swagger';
import { TributaryError } from '@tributary/protocol';
import { requireBearer } from '@tributary/service-runtime';
import type { Logger, ServingMetrics } from '@tributary/telemetry';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import {
  type FastifyPluginAsyncZod,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { maxBodyBytes, replyWithError } from './error-replies.js';
import type { RequestQueue } from './request-queue.js';
import { errorSchema, healthSchema, replySchema, requestSchema } from './serve-schemas.js';

export interface ServedModel {
  readonly run: string;
  readonly step: number;
  readonly tasks: readonly string[];
  readonly backend: string;
}

export interface ServeDeps {
  readonly queue: RequestQueue;
  readonly metrics: ServingMetrics;
  readonly logger: Logger;
}

/** The HTTP server, not yet listening. What is asked of the model, and its metrics, need the token where there is one. */
export async function createServeServer(
  model: ServedModel,
  token: string | null,
  { queue, metrics, logger }: ServeDeps,
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    bodyLimit: maxBodyBytes,
    logController: new LogController({ disableRequestLogging: true }),
    // Requests under way are answered, connections that wait for another are closed.
    forceCloseConnections: 'idle',
  });
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    // A connection that was busy when the others were closed would else wait for another request.
    if (closing) reply.header('connection', 'close');
  });
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(replyWithError);
  app.setNotFoundHandler((request, reply) =>
    replyWithError(
      new TributaryError('OBJECT_NOT_FOUND', `There is no ${request.method} ${request.url}; see /openapi.json.`),
      request,
      reply,
    ),
  );
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `Tributary: ${model.run}`,
        version: '0.1.0',
        description: `Generates with the model of run ${model.run} at step ${model.step}. Errors are {code, message}.`,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: token === null ? [] : [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(healthRoutes(model, queue));
  await app.register(async (guarded) => {
    if (token !== null)
      guarded.addHook(
        'onRequest',
        requireBearer(token, {
          missing: 'This server needs a token; send it as "Authorization: Bearer …".',
          wrong: 'The token is wrong; use the one that this server was started with (--token-file).',
        }),
      );
    await guarded.register(generateRoutes(model, queue, metrics));
    guarded.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.scrape()),
    );
  });
  return app;
}

function healthRoutes(model: ServedModel, queue: RequestQueue): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/health',
      schema: { summary: 'Whether it serves, and what', security: [], response: { 200: healthSchema } },
      handler: async () => ({ status: 'ok' as const, ...model, waiting: queue.waiting }),
    });
  };
}

function generateRoutes(model: ServedModel, queue: RequestQueue, metrics: ServingMetrics): FastifyPluginAsyncZod {
  const { run, step, tasks } = model;
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/v1/generate',
      schema: {
        summary: 'Generate for one or more sources',
        body: requestSchema,
        response: { 200: replySchema, default: errorSchema },
      },
      handler: async ({ body }, reply) => {
        const { task } = body;
        // A name that nobody has must not become a label.
        const named = tasks.includes(task) ? task : 'unknown';
        const end = metrics.generateRequestSeconds.startTimer({ task: named });
        const left = new AbortController();
        reply.raw.once('close', () => left.abort());
        try {
          const outputs = await queue.add(body, left.signal);
          metrics.generateRequestsTotal.inc({ task: named, outcome: 'answered' });
          const symbols = outputs.flatMap((each) => each.outputs).reduce((sum, each) => sum + each.symbols, 0);
          metrics.generatedSymbolsTotal.inc({ task: named }, symbols);
          return { run, task, step, outputs };
        } catch (error) {
          metrics.generateRequestsTotal.inc({ task: named, outcome: 'failed' });
          throw error;
        } finally {
          end();
        }
      },
    });
  };
}

import swagger from '@fastify/swagger';
import { TributaryError } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ApiDeps, ApiOptions } from './api-deps.js';
import { requireToken } from './authorization.js';
import { BackgroundPurge } from './background-purge.js';
import { consoleFolder } from './console-files.js';
import { replyWithError } from './error-replies.js';
import { mlflowRoutes } from './mlflow/mlflow-routes.js';
import { observeQueries } from './observe-queries.js';
import { checkpointRoutes } from './routes/checkpoint-routes.js';
import { comparisonRoutes } from './routes/comparison-routes.js';
import { conflictRoutes } from './routes/conflict-routes.js';
import { consoleRoutes } from './routes/console-routes.js';
import { deletionRoutes } from './routes/deletion-routes.js';
import { exportRoutes } from './routes/export-routes.js';
import { fileRoutes } from './routes/file-routes.js';
import { generateRoutes } from './routes/generate-routes.js';
import { healthRoutes } from './routes/health-routes.js';
import { historyRoutes } from './routes/history-routes.js';
import { labelRoutes } from './routes/label-routes.js';
import { runEventRoutes } from './routes/run-event-routes.js';
import { runListRoutes } from './routes/run-list-routes.js';
import { runRoutes } from './routes/run-routes.js';
import { validateRoutes } from './routes/validate-routes.js';
import { verifyRoutes } from './routes/verify-routes.js';
import { workerRoutes } from './routes/worker-routes.js';
import { Transfers } from './transfers.js';

/** Bytes of a JSON body: a run file is at most 1 MiB. */
const maxBodyBytes = 1024 * 1024 + 64 * 1024;

/** Bytes of a request's line and headers: filter, order and columns travel in the address, up to nine bytes for each of their characters. */
const maxHeaderBytes = 256 * 1024;

/** The HTTP API, not yet listening. Everything under /v1 needs the token. */
export async function createApiServer(options: ApiOptions, deps: ApiDeps, logger: Logger): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    bodyLimit: maxBodyBytes,
    http: { maxHeaderSize: maxHeaderBytes },
    // Refusals and failures are logged where they are answered; the rest is noise.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
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
        title: 'Tributary',
        version: '0.1.0',
        description:
          'Launch, follow, resume and query training runs. Errors are {code, message}, and {at} where a text is at fault.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  if (deps.metrics) observeQueries(app, deps.metrics);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  const transfers = new Transfers();
  // What only reads takes no connection from launches and purges, however slow a filter is.
  const reading = { ...deps, db: deps.reads };
  const purge = new BackgroundPurge(deps, logger);
  app.addHook('onReady', async () => purge.wake());
  app.addHook('onClose', () => purge.stop());
  await app.register(consoleRoutes(consoleFolder), { prefix: '/console' });
  await app.register(
    async (v1) => {
      v1.addHook('onRequest', requireToken(options.token));
      await v1.register(healthRoutes(options, deps));
      await v1.register(fileRoutes(options, deps));
      await v1.register(validateRoutes());
      await v1.register(runRoutes(options, deps));
      await v1.register(runListRoutes(reading));
      await v1.register(runEventRoutes(options, deps));
      await v1.register(checkpointRoutes(deps));
      await v1.register(comparisonRoutes(reading));
      await v1.register(conflictRoutes(reading));
      await v1.register(historyRoutes(deps, transfers));
      await v1.register(labelRoutes(deps));
      await v1.register(deletionRoutes(deps, purge));
      await v1.register(exportRoutes(deps, transfers));
      await v1.register(verifyRoutes(options, deps));
      await v1.register(workerRoutes(deps));
      await v1.register(generateRoutes(options, deps));
    },
    { prefix: '/v1' },
  );
  await app.register(mlflowRoutes(options, reading));
  return app;
}

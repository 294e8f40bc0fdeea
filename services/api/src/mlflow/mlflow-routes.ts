import type { FastifyPluginAsync } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { requireToken } from '../authorization.js';
import { artifactRoutes } from './artifact-routes.js';
import { experimentRoutes } from './experiment-routes.js';
import { metricRoutes } from './metric-routes.js';
import { noSuchEndpoint, replyWithMlflowError } from './mlflow-errors.js';
import { runRoutes } from './run-routes.js';

/**
 * The reads of MLflow's tracking API, so that its clients find Tributary's runs (`mlflow.set_tracking_uri`, the token as
 * `MLFLOW_TRACKING_TOKEN`). Whatever would write is refused in MLflow's own form.
 */
export function mlflowRoutes({ token }: Pick<ApiOptions, 'token'>, deps: Pick<ApiDeps, 'db'>): FastifyPluginAsync {
  const reads: FastifyPluginAsyncZod = async (app) => {
    await app.register(experimentRoutes(deps), { prefix: '/api/2.0/mlflow/experiments' });
    await app.register(runRoutes(deps), { prefix: '/api/2.0/mlflow/runs' });
    await app.register(metricRoutes(deps), { prefix: '/api/2.0/mlflow/metrics' });
    await app.register(artifactRoutes(deps), { prefix: '/api/2.0' });
  };
  const refusals: FastifyPluginAsync = async (app) => {
    // What is sent is never read.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
    for (const path of ['/api/2.0/mlflow/*', '/api/2.0/mlflow-artifacts/*', '/api/3.0/mlflow/*'])
      app.all(path, { schema: { hide: true } }, async ({ method, url }) => {
        throw noSuchEndpoint(method, url);
      });
  };
  return async (app) => {
    app.setErrorHandler(replyWithMlflowError);
    app.addHook('onRequest', requireToken(token));
    // Thousands of numbers a page: their schema describes them, and is not applied to each.
    app.setSerializerCompiler(() => (document) => JSON.stringify(document));
    await app.register(reads);
    await app.register(refusals);
  };
}

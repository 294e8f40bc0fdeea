import type { Metrics } from '@tributary/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Times every answered question about runs, by its route. An event stream answers none: it goes on. */
export function observeQueries(app: FastifyInstance, { historyQuerySeconds }: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    const query = queryOf(request);
    if (query !== null && reply.statusCode < 400) historyQuerySeconds.observe({ query }, reply.elapsedTime / 1_000);
  });
}

function queryOf({ method, routeOptions: { url = '', schema } }: FastifyRequest): string | null {
  const streams = (schema as { produces?: readonly string[] } | undefined)?.produces?.includes('text/event-stream');
  if (streams === true) return null;
  // MLflow's clients search by POST.
  const asks = method === 'GET' && /^\/v1\/(runs|compare|best)\b/.test(url);
  return asks || url.startsWith('/api/2.0/mlflow/') ? url : null;
}

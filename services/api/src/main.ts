/** The HTTP API, on loopback, with a token. */
import { Client, Connection } from '@temporalio/client';
import { openObjects, parseCheckpointLocation } from '@tributary/checkpoints';
import { openDatabase } from '@tributary/run-store';
import { connectNats, runMain, termination, untilThere } from '@tributary/service-runtime';
import { createLogger, createMetrics, serveMetrics } from '@tributary/telemetry';
import { createApiServer } from './api-server.js';
import { readEnvironment } from './environment.js';

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const { names, token, links, targetsDir } = environment;
  const checkpoints = parseCheckpointLocation(environment.checkpointStore);
  const logger = createLogger({ service: 'api', level: environment.logLevel });
  const { signal, requested } = termination();

  const onIdleError = (err: Error) => logger.warn({ err }, 'a Postgres connection was lost');
  const db = openDatabase(environment.postgresUrl, { applicationName: 'tributary-api', onIdleError });
  const reads = openDatabase(environment.postgresUrl, {
    applicationName: 'tributary-api-reads',
    statementTimeoutMs: environment.queryTimeoutMs,
    onIdleError,
  });
  const nats = await connectNats(environment.nats, 'api', { logger, signal });
  const objects = await untilThere(() => openObjects(nats, names.objectsBucket, checkpoints), {
    what: 'the object store',
    logger,
    signal,
  });
  // Lazy: a Temporal that is away fails requests, not the API.
  const connection = Connection.lazy({ address: environment.temporal.address });
  const temporal = new Client({ connection, namespace: environment.temporal.namespace });
  const { namespace } = names;
  const metrics = createMetrics();
  const deps = { db, reads, nats, objects, temporal, metrics };
  const app = await createApiServer({ namespace, token, links }, deps, logger);
  const address = await app.listen({ host: '127.0.0.1', port: environment.port });
  // Last: the announcement says that the API serves.
  const metricsServer = await serveMetrics({ metrics, job: 'api', instance: 'api', targetsDir });
  logger.info({ address }, 'the API serves');

  logger.info({ signal: await requested }, 'stopping');
  await metricsServer.close();
  await app.close();
  await nats.drain();
  await connection.close();
  await reads.destroy();
  await db.destroy();
}

runMain(main);

import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { Client, Connection } from '@temporalio/client';
import { natsStore } from '@tributary/checkpoints';
import { natsNames, TributaryError } from '@tributary/protocol';
import { openDatabase } from '@tributary/run-store';
import { createLogger, createMetrics, type Logger, serveMetrics } from '@tributary/telemetry';
import { createApiServer } from './api-server.js';
import { apiEnvironment } from './environment.js';

/** NATS may come up after the API. */
async function untilThere<T>(what: string, log: Logger, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries % 30 === 0) log.warn({ err: error }, `${what} does not answer; trying on`);
      await delay(1_000, undefined, { signal });
    }
  }
}

async function main(): Promise<void> {
  const environment = await apiEnvironment(process.env);
  const { namespace, token, links, targetsDir } = environment;
  const log = createLogger({ service: 'api', level: environment.logLevel });
  const stopping = new AbortController();
  const terminated = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const)
      process.once(name, () => {
        stopping.abort();
        resolve(name);
      });
  });

  const db = openDatabase(environment.postgresUrl, {
    applicationName: 'tributary-api',
    onIdleError: (err) => log.warn({ err }, 'a Postgres connection was lost'),
  });
  const nats = await untilThere('NATS', log, stopping.signal, () =>
    connect({
      servers: environment.nats.url,
      user: environment.nats.user,
      pass: environment.nats.password,
      name: 'api',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      pingInterval: 2_000,
    }),
  );
  const objects = await untilThere('the object store', log, stopping.signal, () =>
    natsStore(nats, natsNames(namespace).objectsBucket),
  );
  // Lazy: a Temporal that is away fails requests, not the API.
  const connection = Connection.lazy({ address: environment.temporal.address });
  const temporal = new Client({ connection, namespace: environment.temporal.namespace });
  const app = await createApiServer({ namespace, token, links }, { db, nats, objects, temporal }, log);
  const address = await app.listen({ host: '127.0.0.1', port: environment.port });
  // Last: the announcement says that the API serves.
  const metrics = await serveMetrics({ metrics: createMetrics(), job: 'api', instance: 'api', targetsDir });
  log.info({ address }, 'the API serves');

  const signal = await terminated;
  log.info({ signal }, 'stopping');
  await metrics.close();
  await app.close();
  await nats.drain();
  await connection.close();
  await db.destroy();
}

main().catch((error: unknown) => {
  if (error instanceof TributaryError) process.stderr.write(`${error.message}\n`);
  else if (!(error instanceof Error && error.name === 'AbortError'))
    process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
});

import { connect } from '@nats-io/transport-node';
import { natsStore } from '@tributary/checkpoints';
import { TributaryError } from '@tributary/protocol';
import { openDatabase } from '@tributary/run-store';
import { createLogger, createMetrics, serveMetrics } from '@tributary/telemetry';
import { readEnvironment } from './environment.js';
import { faultPoints } from './fault-points.js';
import { Recorder } from './recorder.js';
import { purgeRecorded } from './records-consumer.js';
import { retireEndedRuns } from './retire-runs.js';
import { retry } from './retry.js';

const retireIntervalMs = 15_000;
const purgeIntervalMs = 60_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const { names, instance, targetsDir } = environment;
  const pass = faultPoints(environment.faults);
  const logger = createLogger({ service: 'recorder', level: environment.logLevel });
  const stopping = new AbortController();
  const stop = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        stopping.abort();
        resolve(signal);
      });
  });

  const metrics = createMetrics();
  const connection = await connect({
    servers: environment.natsUrl,
    user: environment.natsUser,
    pass: environment.natsPassword,
    name: `recorder-${instance}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    waitOnFirstConnect: true,
  });
  const db = openDatabase(environment.postgresUrl, {
    maxConnections: 4,
    applicationName: 'tributary-recorder',
    onIdleError: (error) => logger.warn({ error: error.message }, 'a Postgres connection was lost'),
  });
  const objects = await retry(async () => await natsStore(connection, names.objectsBucket), {
    signal: stopping.signal,
    retryable: () => true,
    onRetry: (error, _attempt, waitMs) => logger.warn({ error: String(error), waitMs }, 'waiting for the object store'),
  });
  const recorder = new Recorder(environment, { connection, db, objects, logger, metrics, pass });
  const server = await serveMetrics({ metrics, job: 'recorder', instance, targetsDir, health: () => recorder.problem });
  const retired = new Set<string>();
  const retiring = setInterval(() => {
    retireEndedRuns(db, metrics, retired).catch((error: unknown) => logger.debug({ error: String(error) }, 'not now'));
  }, retireIntervalMs);

  const purging = setInterval(() => {
    purgeRecorded(connection, names.recordsStream).catch((error: unknown) =>
      logger.warn({ error: String(error) }, 'recorded messages could not be removed from the stream'),
    );
  }, purgeIntervalMs);

  const ended = await Promise.race([
    stop,
    recorder.run().then(() => 'done'),
    connection.closed().then((error) => error ?? new Error('the NATS connection was closed')),
  ]);
  logger.info({ why: String(ended) }, 'stopping');
  clearInterval(retiring);
  clearInterval(purging);
  if (typeof ended === 'string') await recorder.stop();
  await server.close();
  await connection.close();
  await db.destroy();
  // Everything is closed; timers that the NATS client leaves behind would keep the process for 10 s more.
  process.exit(typeof ended === 'string' ? 0 : 1);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof TributaryError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});

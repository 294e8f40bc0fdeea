/** The recorder: drains step records from JetStream into Postgres, exactly once, and commits checkpoints. */
import { openObjects, parseCheckpointLocation } from '@tributary/checkpoints';
import { openDatabase } from '@tributary/run-store';
import { connectNats, repeatedly, runMain, termination, untilThere } from '@tributary/service-runtime';
import { createLogger, createMetrics, serveMetrics } from '@tributary/telemetry';
import { keepCheckpointGauges } from './checkpoint-gauges.js';
import { readEnvironment } from './environment.js';
import { passRecorderFaults } from './fault-points.js';
import { Recorder } from './recorder.js';
import { purgeRecorded } from './records-consumer.js';
import { tellServers } from './server-figures.js';

const gaugesIntervalMs = 5_000;
const purgeIntervalMs = 60_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const { names, instance, targetsDir } = environment;
  const pass = passRecorderFaults(environment.faults);
  const checkpoints = parseCheckpointLocation(environment.checkpointStore);
  const logger = createLogger({ service: 'recorder', level: environment.logLevel });
  const { signal, requested } = termination();

  const metrics = createMetrics();
  const connection = await connectNats(environment.nats, `recorder-${instance}`, { logger, signal });
  const db = openDatabase(environment.postgresUrl, {
    maxConnections: 4,
    applicationName: 'tributary-recorder',
    onIdleError: (error) => logger.warn({ error: error.message }, 'a Postgres connection was lost'),
  });
  const objects = await untilThere(() => openObjects(connection, names.objectsBucket, checkpoints), {
    what: 'the object store',
    logger,
    signal,
  });
  const recorder = new Recorder(environment, { connection, db, objects, logger, metrics, pass });
  const server = await serveMetrics({ metrics, job: 'recorder', instance, targetsDir, health: () => recorder.problem });
  const retired = new Set<string>();
  const gauges = () => keepCheckpointGauges(db, metrics, retired);
  const telling = [
    repeatedly('the gauges of checkpoints', gaugesIntervalMs, gauges, logger),
    ...tellServers({ db, metrics, logger, natsMonitorUrl: environment.natsMonitorUrl }),
  ];
  const purging = setInterval(() => {
    purgeRecorded(connection, names.recordsStream).catch((error: unknown) =>
      logger.warn({ error: String(error) }, 'recorded messages could not be removed from the stream'),
    );
  }, purgeIntervalMs);

  const failure = await Promise.race([
    requested.then(() => null),
    recorder.run().then(() => null),
    connection.closed().then((error) => error ?? new Error('the NATS connection was closed')),
  ]);
  logger.info({ why: failure === null ? 'asked to' : String(failure) }, 'stopping');
  await Promise.all(telling.map((stop) => stop()));
  clearInterval(purging);
  if (failure === null) await recorder.stop();
  await server.close();
  await connection.close();
  await db.destroy();
  if (failure !== null) throw failure;
}

runMain(main);

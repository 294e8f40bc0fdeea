/** The orchestrator: a Temporal worker with the workflows and the control activities, the roster of workers and the reaper. */
import { NativeConnection } from '@temporalio/worker';
import { openObjects, parseCheckpointLocation } from '@tributary/checkpoints';
import { openDatabase } from '@tributary/run-store';
import { connectNats, runMain, termination, untilThere } from '@tributary/service-runtime';
import { createLogger, createMetrics, serveMetrics } from '@tributary/telemetry';
import { readEnvironment } from './environment.js';
import { requireWorkflowBundle } from './locate-workflow-bundle.js';
import { startOrchestrator } from './orchestrator.js';
import { installTemporalRuntime } from './temporal-runtime.js';

async function main(): Promise<void> {
  const { names, nats, postgresUrl, temporalAddress, targetsDir, logLevel, checkpointStore } = readEnvironment(
    process.env,
  );
  const checkpoints = parseCheckpointLocation(checkpointStore);
  const { namespace } = names;
  const logger = createLogger({ service: 'orchestrator', level: logLevel });
  const workflowBundle = await requireWorkflowBundle();
  const announceTemporal = await installTemporalRuntime(logger, targetsDir);
  const { signal, requested } = termination();
  const waiting = { logger, signal };
  const metrics = createMetrics();
  const db = openDatabase(postgresUrl, {
    applicationName: 'tributary-orchestrator',
    onIdleError: (err) => logger.warn({ err }, 'a Postgres connection was lost'),
  });

  const start = async () => {
    const nc = await connectNats(nats, 'orchestrator', waiting);
    const temporal = await untilThere(() => NativeConnection.connect({ address: temporalAddress }), {
      ...waiting,
      what: 'Temporal',
    });
    const objects = await untilThere(() => openObjects(nc, names.objectsBucket, checkpoints), {
      ...waiting,
      what: 'the object store',
    });
    const orchestrator = await untilThere(
      () => startOrchestrator({ namespace, workflowBundle }, { db, nc, temporal, objects, metrics, log: logger }),
      { ...waiting, what: 'a server of the orchestrator' },
    );
    return { nc, temporal, orchestrator };
  };
  const started = await Promise.race([start(), requested]);
  if (typeof started === 'string') return;
  const { nc, temporal, orchestrator } = started;
  const server = await serveMetrics({ metrics, job: 'orchestrator', instance: String(process.pid), targetsDir });
  const withdrawTemporal = await announceTemporal();
  logger.info({ namespace, metricsPort: server.port }, 'ready');

  const why = await Promise.race([requested, orchestrator.stopped.then(() => null)]);
  if (why !== null) logger.info({ signal: why }, 'stopping; runs train on');
  await orchestrator.stop();
  await server.close();
  await withdrawTemporal();
  await temporal.close();
  await nc.drain();
  await db.destroy();
}

runMain(main);

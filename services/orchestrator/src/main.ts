import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { natsStore } from '@tributary/checkpoints';
import { natsNames, TributaryError } from '@tributary/protocol';
import { openDatabase } from '@tributary/run-store';
import { createLogger, createMetrics, type Logger, serveMetrics } from '@tributary/telemetry';
import { readEnvironment } from './environment.js';
import { requireWorkflowBundle } from './locate-workflow-bundle.js';
import { startOrchestrator } from './orchestrator.js';
import { temporalLogger } from './temporal-logger.js';

/** Servers may come up after the orchestrator. */
async function untilThere<T>(what: string, log: Logger, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries % 30 === 0) log.warn({ err: error }, `${what} does not answer; trying on`);
      await delay(1_000);
    }
  }
}

async function main(): Promise<void> {
  const environment = await readEnvironment(process.env);
  const { namespace, targetsDir } = environment;
  const log = createLogger({ service: 'orchestrator', level: environment.logLevel });
  const workflowBundle = await requireWorkflowBundle();
  Runtime.install({ logger: temporalLogger(log), shutdownSignals: [] });

  const terminated = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  const metrics = createMetrics();
  const db = openDatabase(environment.postgresUrl, {
    applicationName: 'tributary-orchestrator',
    onIdleError: (err) => log.warn({ err }, 'a Postgres connection was lost'),
  });
  const starting = (async () => {
    const nc = await untilThere('NATS', log, () =>
      connect({
        servers: environment.natsUrl,
        user: environment.natsUser,
        pass: environment.natsPassword,
        name: 'orchestrator',
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        pingInterval: 2_000,
      }),
    );
    const temporal = await untilThere('Temporal', log, () =>
      NativeConnection.connect({ address: environment.temporalAddress }),
    );
    const objects = await untilThere('the object store', log, () => natsStore(nc, natsNames(namespace).objectsBucket));
    const orchestrator = await untilThere('the orchestrator', log, () =>
      startOrchestrator({ namespace, workflowBundle }, { db, nc, temporal, objects, metrics, log }),
    );
    return { nc, temporal, orchestrator };
  })();
  const started = await Promise.race([starting, terminated]);
  if (typeof started === 'string') process.exit(0);
  const { nc, temporal, orchestrator } = started;
  const server = await serveMetrics({ metrics, job: 'orchestrator', instance: String(process.pid), targetsDir });
  log.info({ namespace, metricsPort: server.port }, 'ready');

  const signal = await Promise.race([terminated, orchestrator.stopped.then(() => null)]);
  if (signal !== null) log.info({ signal }, 'stopping; runs train on');
  await orchestrator.stop();
  await server.close();
  await temporal.close();
  await nc.drain();
  await db.destroy();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof TributaryError ? error.message : error);
    process.exit(1);
  },
);

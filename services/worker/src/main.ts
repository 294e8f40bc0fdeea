/** The agent on one device: announces it, obeys generation documents, hosts the trainer, answers generation requests. */
import type { GenerationDocument } from '@tributary/protocol';
import { runMain, termination } from '@tributary/service-runtime';
import { createLogger, createMetrics, serveMetrics } from '@tributary/telemetry';
import { Agent } from './agent.js';
import { BeaconSender } from './beacons.js';
import { probeDevice } from './device-probe.js';
import { readEnvironment } from './environment.js';
import { GenerateService } from './generate-service.js';
import { openSession } from './nats-session.js';
import { watchGenerations } from './watch-generations.js';

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const { names, worker, targetsDir } = environment;
  const logger = createLogger({ service: 'worker', level: environment.logLevel }).child({ worker });
  const { signal, requested } = termination();
  const { device, notice } = await probeDevice(process.env);
  if (notice) logger.warn({ notice }, 'slower backend');
  logger.info({ device }, 'device');
  const session = await openSession(environment, `worker ${worker}`, { logger, signal });
  const metrics = createMetrics();

  let beacons: BeaconSender | null = null;
  const agent = new Agent(worker, {
    logger,
    env: process.env,
    hasEnding: async (document: GenerationDocument, member: number) =>
      (await session.endings.get(`${document.run}.${document.generation}.${member}`)) !== null,
    onChange: () => {
      metrics.workerHeartbeatTimestampSeconds.set({ worker }, Date.now() / 1_000);
      beacons?.send();
    },
  });
  const watch = await watchGenerations(session.generations, (document, known) => agent.obey(document, known), logger);
  beacons = new BeaconSender(
    { subject: names.beacon(worker), worker, device },
    { connection: session.connection, source: () => agent },
  );
  const heartbeat = setInterval(
    () => metrics.workerHeartbeatTimestampSeconds.set({ worker }, Date.now() / 1_000),
    1_000,
  );
  new GenerateService({ connection: session.connection, subject: names.generate, env: process.env, logger });

  // Last: the announcement says that the agent serves.
  const server = await serveMetrics({ metrics, job: 'worker', instance: worker, targetsDir });

  logger.info({ signal: await requested }, 'leaving');
  clearInterval(heartbeat);
  watch.stop();
  beacons.close();
  await agent.close();
  await server.close();
  await session.connection.drain();
}

runMain(main);

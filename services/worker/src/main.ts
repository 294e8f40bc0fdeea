/** The agent on one device: announces it, obeys generation documents, hosts the trainer, keeps snapshots, answers generation requests. */
import { setTimeout as delay } from 'node:timers/promises';
import { SnapshotFolder } from '@tributary/checkpoints';
import { type GenerationDocument, verifySubject } from '@tributary/protocol';
import { runMain, termination } from '@tributary/service-runtime';
import { createLogger, createMetrics, serveMetrics, withdrawTarget } from '@tributary/telemetry';
import { Agent } from './agent.js';
import { BeaconSender } from './beacons.js';
import { probeDevice } from './device-probe.js';
import { readEnvironment } from './environment.js';
import { GenerateService } from './generate-service.js';
import { tellGpu } from './gpu-metrics.js';
import { HandOver, handedOver } from './hand-over.js';
import { openSession } from './nats-session.js';
import { SnapshotKeeper } from './snapshot-keeper.js';
import { VerifyService } from './verify-service.js';
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

  const { connection, generations } = session;
  const folder = new SnapshotFolder(SnapshotFolder.defaultRoot(names.namespace, worker, process.env));
  const snapshots = new SnapshotKeeper({ worker, folder, connection, names, logger });

  let beacons: BeaconSender | null = null;
  let withdrawn = Promise.resolve();
  /** A killed trainer could not take its target away itself. */
  const onTrainerGone = (pid = 0): void => {
    if (targetsDir === null) return;
    withdrawn = withdrawn
      .then(() => withdrawTarget(targetsDir, { job: 'trainer', instance: worker, pid }))
      .catch((error: unknown) => logger.debug({ error: String(error) }, "a trainer's target stays"));
  };
  const agent = new Agent(worker, {
    logger,
    env: process.env,
    standby: environment.standby,
    onSnapshot: (parts) => snapshots.written(parts),
    hasEnding: async (document: GenerationDocument, member: number) =>
      (await session.endings.get(`${document.run}.${document.generation}.${member}`)) !== null,
    onChange: () => beacons?.send(),
    onTrainerGone,
  });
  const documents = new Map<string, GenerationDocument>();
  let onDocument = (_document: GenerationDocument): void => {};
  const watch = await watchGenerations(
    generations,
    async (document, known) => {
      documents.set(document.run, document);
      onDocument(document);
      void snapshots.obey(document);
      await agent.obey(document, known);
    },
    logger,
  );
  // What an agent before this one has left, of runs that have gone meanwhile.
  snapshots
    .sweep(generations)
    .catch((error: unknown) => logger.warn({ error: String(error) }, 'old snapshots stay where they are'));
  beacons = new BeaconSender(
    { subject: names.beacon(worker), worker, device },
    { connection: session.connection, source: () => agent },
  );
  const stopGpuMetrics = tellGpu({ worker, device: device.device, metrics, logger });
  new GenerateService({ connection: session.connection, subject: names.generate, env: process.env, logger });
  new VerifyService({
    connection: session.connection,
    subject: verifySubject(names.verify, device),
    worker,
    // The same bits come from the same device only, and a GPU has no memory for two.
    busy: () =>
      device.device !== 'cpu' && agent.trainer !== null
        ? `Worker ${worker} trains run ${agent.trainer.run} on its ${device.device}; verify once it is free.`
        : null,
    env: process.env,
    logger,
  });

  // Last: the announcement says that the agent serves.
  const server = await serveMetrics({ metrics, job: 'worker', instance: worker, targetsDir });

  const asked = await requested;
  const run = agent.hosting;
  if (asked === 'SIGTERM' && run !== null) {
    logger.info({ run, drainMs: environment.drainMs }, 'leaving once the lanes hosted here have moved');
    beacons.drain();
    const moved = handedOver(new HandOver(worker, run, documents.get(run) ?? null), {
      ...{ connection, names },
      onDocument: (listener) => {
        onDocument = listener;
      },
    });
    const why = await Promise.race([
      moved.then(() => 'the lanes have moved'),
      delay(environment.drainMs, 'time is up', { ref: false }),
      secondSignal(),
    ]);
    logger.info({ run, why }, 'leaving');
  } else logger.info({ signal: asked }, 'leaving');
  await stopGpuMetrics();
  watch.stop();
  beacons.close();
  await agent.close();
  await withdrawn;
  await snapshots.close();
  await server.close();
  await session.connection.drain();
}

/** Whoever asks twice does not want to wait. */
function secondSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(`asked again by ${name}`));
  });
}

runMain(main);

/** Entry of the trainer: the agent's child that computes. It lives for one generation and dies with its agent. */
import { natsTransport } from '@tributary/collectives';
import {
  type GenerationDocument,
  type MemberEnding,
  type MemberEndingDocument,
  type PreparedRun,
  type StopRequest,
  TributaryError,
  toErrorDocument,
} from '@tributary/protocol';
import { untilThere } from '@tributary/service-runtime';
import { createLogger, createMetrics, serveMetrics } from '@tributary/telemetry';
import { ComputeKeeper, patientStore, type SnapshotPort, serverIsAway, Trainer } from '@tributary/trainer';
import { readEnvironment } from './environment.js';
import { openSession } from './nats-session.js';
import type { FromTrainer, ToTrainer } from './trainer-messages.js';

const tell = (message: FromTrainer): void => {
  process.send?.(message);
};

/** Never aborted: an ending is worth any wait, and the agent ends a trainer that nobody needs. */
const { signal } = new AbortController();

/** Asked to stop before there was a trainer to ask; then the trainer's own. */
let askedEarly: StopRequest | null = null;
let onStop = (request: StopRequest): void => {
  askedEarly = request;
};

/** Until the agent keeps a folder: nothing is held, so a generation begins with a checkpoint. */
const lost = (): Promise<never> =>
  Promise.reject(new TributaryError('SNAPSHOT_LOST', 'This worker keeps no snapshots; a checkpoint is needed.'));
const snapshots: SnapshotPort = { folder: { write: lost }, fetch: lost, written: () => Promise.resolve() };

// Without its agent a trainer has no one to obey.
process.once('disconnect', () => process.exit(1));

async function train(document: GenerationDocument, member: number): Promise<void> {
  const environment = readEnvironment(process.env);
  const { names, worker } = environment;
  const logger = createLogger({ service: 'trainer', level: environment.logLevel }).child({
    worker,
    run: document.run,
    generation: document.generation,
  });
  const session = await openSession(environment, `trainer ${worker}`, { logger, signal });
  let leaving = false;
  // The client gives up where it is refused; a trainer that nobody hears must not stay.
  const giveUp = (reason: string): void => {
    if (leaving) return;
    logger.error({ reason }, 'the connection to NATS is gone');
    process.exit(1);
  };
  void session.connection.closed().then((reason) => giveUp(String(reason ?? 'closed')));
  const objects = patientStore(session.objects, logger);
  const metrics = createMetrics();
  const server = await serveMetrics({ metrics, job: 'trainer', instance: worker, targetsDir: environment.targetsDir });
  const transport = await natsTransport({
    servers: environment.nats.url,
    user: environment.nats.user,
    pass: environment.nats.password,
    name: `exchange ${worker}`,
    onState: (state) => {
      if (state.kind === 'refused') giveUp(state.error.message);
      else if (state.kind === 'disconnected') logger.warn(state, 'the exchange has no connection; trying on');
    },
    subject: names.exchange(document.run, document.attempt, document.generation),
    self: member,
    size: document.members.length,
  });
  let step = document.resume.step;
  const finish = async (ending: MemberEnding): Promise<void> => {
    const written: MemberEndingDocument = {
      run: document.run,
      attempt: document.attempt,
      generation: document.generation,
      member,
      worker,
      ending,
    };
    const key = `${document.run}.${document.generation}.${member}`;
    await untilThere(() => session.endings.put(key, JSON.stringify(written)), {
      what: 'the endings bucket',
      logger,
      signal,
    });
    tell({ kind: 'ended', ending });
  };
  const conclude = async (): Promise<MemberEnding> => {
    const prepared = JSON.parse(new TextDecoder().decode(await objects.get(document.preparedKey))) as PreparedRun;
    const trainer = new Trainer(
      {
        document,
        member,
        prepared,
        backend: environment.backend,
        device: environment.device,
        recordsSubject: names.records(document.run),
        eventsSubject: names.events(document.run),
      },
      {
        transport,
        stream: session.stream,
        objects,
        logger,
        metrics,
        compute: new ComputeKeeper(),
        snapshots,
        onStatus: (status) => {
          step = status.step;
          tell({ kind: 'status', phase: status.phase, step: status.step });
        },
      },
    );
    onStop = (request) => trainer.stop(request);
    if (askedEarly !== null) onStop(askedEarly);
    return await trainer.run();
  };
  const ending = await conclude().catch((error: unknown): MemberEnding => {
    logger.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'training failed');
    const { code, message } = toErrorDocument(error);
    // Not the run's fault: another generation may try.
    return { outcome: 'failed', step, code: serverIsAway(error) ? 'SERVER_FAILED' : code, reason: message };
  });
  await finish(ending);
  leaving = true;
  await server.close();
  await session.connection.drain();
}

process.on('message', (message: ToTrainer) => {
  if (message.kind === 'stop') {
    onStop(message.request);
    return;
  }
  train(message.document, message.member).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

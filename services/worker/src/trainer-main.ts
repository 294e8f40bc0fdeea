/** Entry of the trainer: the agent's child that computes. It lives for one generation and dies with its agent. */
import { natsTransport } from '@tributary/collectives';
import {
  type GenerationDocument,
  type MemberEnding,
  type MemberEndingDocument,
  type PreparedRun,
  toErrorDocument,
} from '@tributary/protocol';
import { createLogger, createMetrics, serveMetrics } from '@tributary/telemetry';
import { Trainer } from '@tributary/trainer';
import { readEnvironment } from './environment.js';
import { openSession } from './nats-session.js';
import type { FromTrainer, ToTrainer } from './trainer-messages.js';

const tell = (message: FromTrainer): void => {
  process.send?.(message);
};

const ended = new AbortController();

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
  const session = await openSession(environment, `trainer ${worker}`, { logger, signal: ended.signal });
  const metrics = createMetrics();
  const server = await serveMetrics({ metrics, job: 'trainer', instance: worker, targetsDir: environment.targetsDir });
  const transport = await natsTransport({
    connection: session.connection,
    subject: names.exchange(document.run, document.attempt, document.generation),
    self: member,
    size: document.members.length,
  });
  let step = document.resume.step;
  const finish = async (ending: MemberEnding): Promise<void> => {
    const ended: MemberEndingDocument = {
      run: document.run,
      attempt: document.attempt,
      generation: document.generation,
      member,
      worker,
      ending,
    };
    await session.endings.put(`${document.run}.${document.generation}.${member}`, JSON.stringify(ended));
    tell({ kind: 'ended', ending });
  };
  try {
    const prepared = JSON.parse(
      new TextDecoder().decode(await session.objects.get(document.preparedKey)),
    ) as PreparedRun;
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
        objects: session.objects,
        logger,
        metrics,
        onStatus: (status) => {
          step = status.step;
          tell({ kind: 'status', ...status });
        },
      },
    );
    process.on('message', (message: ToTrainer) => {
      if (message.kind === 'stop') trainer.stop(message.request);
    });
    await finish(await trainer.run());
  } catch (error) {
    logger.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'training failed');
    const { code, message } = toErrorDocument(error);
    await finish({ outcome: 'failed', step, code, reason: message });
  }
  await server.close();
  await session.connection.drain();
}

process.once('message', (message: ToTrainer) => {
  if (message.kind !== 'start') return;
  train(message.document, message.member).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

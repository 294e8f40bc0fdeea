/** Entry of the verifier: does a stretch of a run's steps again, tells what came of them, and ends. */
import { toErrorDocument } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { patientStore, replaySteps } from '@tributary/trainer';
import { readEnvironment } from './environment.js';
import { openSession } from './nats-session.js';
import type { FromVerifier, ToVerifier } from './verify-messages.js';

const connectLimitMs = 30_000;

const tell = (answer: FromVerifier): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send?.(answer, (error: Error | null) => (error ? reject(error) : resolve()));
  });

async function verify(request: ToVerifier): Promise<void> {
  const environment = readEnvironment(process.env);
  const { worker, backend, device } = environment;
  const logger = createLogger({ service: 'verifier', level: environment.logLevel }).child({ worker, run: request.run });
  const signal = AbortSignal.timeout(connectLimitMs);
  const session = await openSession(environment, `verifier ${worker}`, { logger, signal });
  try {
    await replaySteps(
      { request, worker, backend, device },
      {
        objects: patientStore(session.objects, logger),
        logger,
        onAnswer: (answer) => void tell(answer).catch(() => undefined),
      },
    );
  } finally {
    await session.connection.close();
  }
}

// Nobody asks any more.
process.once('disconnect', () => process.exit(1));
process.once('message', (request: ToVerifier) => {
  verify(request)
    .then(
      () => tell({ kind: 'done' }),
      (error: unknown) => tell({ kind: 'failed', ...toErrorDocument(error) }),
    )
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
});

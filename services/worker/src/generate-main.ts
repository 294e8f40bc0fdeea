/** Entry of the generator: loads a checkpoint, generates for one request, and ends. */
import { openBackend } from '@tributary/engine';
import { type GenerateReply, type GenerateRequest, toErrorDocument } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { TextGenerator } from '@tributary/trainer';
import { readEnvironment } from './environment.js';
import { openSession } from './nats-session.js';

async function answer(request: GenerateRequest): Promise<GenerateReply> {
  const environment = readEnvironment(process.env);
  const logger = createLogger({ service: 'generator', level: environment.logLevel });
  const signal = AbortSignal.timeout(10_000);
  const session = await openSession(environment, `generator ${environment.worker}`, { logger, signal });
  try {
    // A trainer may hold the GPU; a few sequences need none.
    const backend = await openBackend({ prefer: environment.backend, device: 'cpu', threads: 1 });
    const generator = await TextGenerator.open(request, { objects: session.objects, backend });
    const [outputs = []] = await generator.generate([await generator.encode(request)]);
    return { ok: true, outputs, step: generator.step, worker: environment.worker };
  } finally {
    await session.connection.close();
  }
}

process.once('message', (request: GenerateRequest) => {
  answer(request)
    .catch((error: unknown): GenerateReply => ({ ok: false, ...toErrorDocument(error) }))
    .then((reply) => process.send?.(reply, () => process.exit(0)))
    .catch(() => process.exit(1));
});

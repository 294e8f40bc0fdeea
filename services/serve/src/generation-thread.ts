/** Entry of the generating thread: reads the model, then answers batches of requests. The main thread keeps HTTP. */
import { parentPort, workerData } from 'node:worker_threads';
import { openBackend } from '@tributary/engine';
import { toErrorDocument } from '@tributary/protocol';
import { TextGenerator, type TextRequest } from '@tributary/trainer';
import type { FromThread, GenerationBatch, GenerationOutcome, ThreadInit } from './generation-messages.js';
import { objectsOfRun } from './read-model.js';

const port = parentPort;
if (!port) throw new Error('generation-thread runs as a worker thread');
const tell = (message: FromThread): void => port.postMessage(message);

async function start({ source, model, compute }: ThreadInit): Promise<void> {
  const { backend: prefer, device, threads } = compute;
  const backend = await openBackend({ prefer, device, threads });
  const generator = await TextGenerator.open(model, { objects: objectsOfRun(source), backend });
  for (const task of generator.tasks) await generator.load(task);
  port?.on('message', ({ requests }: GenerationBatch) => {
    answer(generator, requests).then(
      (outcomes) => tell({ kind: 'done', outcomes }),
      (error: unknown) => tell({ kind: 'failed', error: toErrorDocument(error) }),
    );
  });
  tell({ kind: 'ready', tasks: generator.tasks, backend: backend.version });
}

/** A request that cannot be read fails alone. */
async function answer(generator: TextGenerator, requests: readonly TextRequest[]): Promise<GenerationOutcome[]> {
  const read = await Promise.all(
    requests.map(async (request) => {
      try {
        return { encoded: await generator.encode(request) };
      } catch (error) {
        return { error: toErrorDocument(error) };
      }
    }),
  );
  const sound = read.flatMap(({ encoded }) => encoded ?? []);
  const outputs = [...(await generator.generate(sound))];
  return read.map(
    ({ error }): GenerationOutcome =>
      error === undefined ? { ok: true, outputs: outputs.shift() ?? [] } : { ok: false, error },
  );
}

start(workerData as ThreadInit).catch((error: unknown) => tell({ kind: 'failed', error: toErrorDocument(error) }));

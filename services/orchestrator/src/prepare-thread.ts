import { parentPort, workerData } from 'node:worker_threads';
import { prepareRun } from '@tributary/datasets';
import { type PreparedRun, toErrorDocument } from '@tributary/protocol';
import type { PrepareAnswer, PrepareThreadData } from './prepare-in-thread.js';
import { parentObjects } from './thread-objects.js';

/** The thread of {@link prepareInThread}. */
if (parentPort === null) throw new Error('this module is a thread of the orchestrator');
const port = parentPort;
const { init, ...data } = workerData as PrepareThreadData;
const objects = parentObjects(port);

async function prepared(): Promise<PreparedRun> {
  const run = await prepareRun(data, { objects });
  if (init === null) return run;
  if ('report' in init) return { ...run, init };
  // The model's names and shapes; few runs need them, and they bring TensorFlow.js along.
  const { resolveInit } = await import('@tributary/trainer');
  return { ...run, init: await resolveInit(run, init, objects) };
}

const answer = await prepared().then(
  (run): PrepareAnswer => ({ prepared: run }),
  (error: unknown): PrepareAnswer => ({ error: toErrorDocument(error) }),
);
port.postMessage(answer);
port.close();

import { parentPort, workerData } from 'node:worker_threads';
import { prepareRun } from '@tributary/datasets';
import { toErrorDocument } from '@tributary/protocol';
import type { PrepareAnswer, PrepareThreadData } from './prepare-in-thread.js';
import { parentObjects } from './thread-objects.js';

/** The thread of {@link prepareInThread}. */
if (parentPort === null) throw new Error('this module is a thread of the orchestrator');
const port = parentPort;
const answer = await prepareRun(workerData as PrepareThreadData, { objects: parentObjects(port) }).then(
  (prepared): PrepareAnswer => ({ prepared }),
  (error: unknown): PrepareAnswer => ({ error: toErrorDocument(error) }),
);
port.postMessage(answer);
port.close();

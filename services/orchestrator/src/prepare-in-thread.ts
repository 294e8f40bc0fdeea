import { Worker } from 'node:worker_threads';
import type { RunFile } from '@tributary/config';
import {
  type ErrorDocument,
  type ObjectStore,
  type PreparedInit,
  type PreparedRun,
  type RunId,
  TributaryError,
} from '@tributary/protocol';
import type { InitSource } from '@tributary/trainer';
import { serveObjects } from './thread-objects.js';

export interface PrepareThreadData {
  readonly run: RunId;
  readonly spec: RunFile;
  readonly files: Readonly<Record<string, string>>;
  /** Where its initial values lie, or what an earlier attempt made of them; null: it begins at random. */
  readonly init: InitSource | PreparedInit | null;
}

export type PrepareAnswer = { readonly prepared: PreparedRun } | { readonly error: ErrorDocument };

/** Compiled code in both cases: a thread cannot run TypeScript. */
const program = new URL('../dist/prepare-thread.js', import.meta.url);

/**
 * Prepares a run's data in a thread of its own: reading and encoding takes seconds, in which this process must go on hearing
 * beacons.
 * @throws what `prepareRun` throws
 */
export async function prepareInThread(
  workerData: PrepareThreadData,
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<PreparedRun> {
  const thread = new Worker(program, { workerData });
  const terminate = (): void => void thread.terminate();
  signal.addEventListener('abort', terminate, { once: true });
  try {
    return await new Promise<PreparedRun>((resolve, reject) => {
      serveObjects(thread, objects, (message) => {
        const answer = message as PrepareAnswer;
        if ('prepared' in answer) resolve(answer.prepared);
        else reject(new TributaryError(answer.error.code, answer.error.message));
      });
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`the thread that prepares ${workerData.run} ended (${code})`)));
    });
  } finally {
    signal.removeEventListener('abort', terminate);
    await thread.terminate();
  }
}

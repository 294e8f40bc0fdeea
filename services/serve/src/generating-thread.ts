import { Worker } from 'node:worker_threads';
import { backendEnvironment } from '@tributary/engine';
import { type ErrorDocument, TributaryError } from '@tributary/protocol';
import type { TextRequest } from '@tributary/trainer';
import type { FromThread, GenerationBatch, GenerationOutcome, ThreadInit } from './generation-messages.js';

/** The thread that holds the model, as the main thread sees it: one batch at a time. */
export class GeneratingThread {
  readonly tasks: readonly string[];
  readonly backend: string;
  /** Resolves where the thread has ended by itself. */
  readonly ended: Promise<Error>;
  readonly #worker: Worker;
  #pending: { resolve(outcomes: readonly GenerationOutcome[]): void; reject(error: Error): void } | null = null;

  /**
   * Starts it and waits until the model is read. Sets the backend's variables in this process's environment: its native
   * libraries read them when they load, and a thread cannot set them.
   */
  static async start(init: ThreadInit): Promise<GeneratingThread> {
    Object.assign(process.env, backendEnvironment(init.compute));
    const worker = new Worker(new URL('./generation-thread.js', import.meta.url), { workerData: init });
    const ready = await new Promise<Extract<FromThread, { kind: 'ready' }>>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the generating thread ended with code ${code} at its start`)));
      worker.once('message', (message: FromThread) => {
        if (message.kind === 'ready') resolve(message);
        else reject(message.kind === 'failed' ? errorOf(message.error) : new Error('an answer before a question'));
      });
    });
    // Not all: some are the worker's own.
    for (const event of ['error', 'exit', 'message']) worker.removeAllListeners(event);
    return new GeneratingThread(worker, ready);
  }

  private constructor(worker: Worker, { tasks, backend }: Extract<FromThread, { kind: 'ready' }>) {
    this.#worker = worker;
    this.tasks = tasks;
    this.backend = backend;
    worker.on('message', (message: FromThread) => {
      const pending = this.#pending;
      this.#pending = null;
      if (message.kind === 'done') pending?.resolve(message.outcomes);
      else if (message.kind === 'failed') pending?.reject(errorOf(message.error));
    });
    this.ended = new Promise((resolve) => {
      const end = (error: Error): void => {
        this.#pending?.reject(error);
        this.#pending = null;
        resolve(error);
      };
      worker.once('error', end);
      worker.once('exit', (code) => end(new Error(`the generating thread ended with code ${code}`)));
    });
  }

  generate(requests: readonly TextRequest[]): Promise<readonly GenerationOutcome[]> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.postMessage({ requests } satisfies GenerationBatch);
    });
  }

  async stop(): Promise<void> {
    for (const event of ['error', 'exit', 'message']) this.#worker.removeAllListeners(event);
    await this.#worker.terminate();
  }
}

export const errorOf = ({ code, message }: ErrorDocument): TributaryError => new TributaryError(code, message);

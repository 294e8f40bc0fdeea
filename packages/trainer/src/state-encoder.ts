import { Worker } from 'node:worker_threads';
import { buffersOf } from './state-buffers.js';
import type { EncodedFile, EncodeReply, EncodeRequest, Metadata, StatePart } from './state-messages.js';
import { VectorCopies } from './vector-copies.js';

const stopped = (): Error => new Error('the state thread was stopped');

interface Pending {
  resolve(files: readonly EncodedFile[]): void;
  reject(error: Error): void;
}

/**
 * The state thread as the main thread sees it: takes copies of the state, gives files. It starts with the first request, so
 * that a generation's first step does not wait for it.
 */
export class StateEncoder {
  readonly copies = new VectorCopies();
  readonly #thread: URL;
  readonly #pending: Pending[] = [];
  #worker: Worker | null = null;
  #closed = false;

  /** @param thread the built entry of the thread */
  constructor(thread = new URL('./state-thread.js', import.meta.url)) {
    this.#thread = thread;
  }

  /** One file of the part for each metadata; the part's tensors are given away. */
  encode({ tensors }: Pick<StatePart, 'tensors'>, files: readonly Metadata[]): Promise<readonly EncodedFile[]> {
    if (this.#closed) return Promise.reject(stopped());
    this.#worker ??= this.#start();
    const request: EncodeRequest = { tensors, files };
    this.#worker.postMessage(request, buffersOf(tensors));
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  }

  /** Ends the thread at once; what it was asked for fails. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#closed = true;
    worker?.removeAllListeners();
    this.#end(stopped());
    await worker?.terminate();
  }

  #start(): Worker {
    // Small messages and large buffers: it needs none of the main thread's room for young objects.
    const worker = new Worker(this.#thread, {
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    worker.on('message', (reply: EncodeReply) => this.#onReply(reply));
    worker.on('error', (error) => this.#end(error as Error));
    worker.on('exit', (code) => this.#end(new Error(`the state thread ended with code ${code}`)));
    return worker;
  }

  #onReply(reply: EncodeReply): void {
    const pending = this.#pending.shift();
    if (reply.kind === 'failed') {
      pending?.reject(new Error(reply.message));
      return;
    }
    this.copies.giveBack(reply.buffers);
    pending?.resolve(reply.files);
  }

  /** The next request starts another thread. */
  #end(error: Error): void {
    this.#worker = null;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

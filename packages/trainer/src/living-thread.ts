import { Worker } from 'node:worker_threads';
import { backendEnvironment } from '@tributary/engine';
import { type ErrorCode, TributaryError } from '@tributary/protocol';
import type { ComputeBasis, ComputeReply, NumberedReply, NumberedRequest, ThreadInit } from './compute-messages.js';

/** The living compute thread: what every generation's client shares. */
export class LivingThread {
  readonly backend: string;
  readonly device: string;
  readonly notice: string | null;
  readonly #worker: Worker;
  /** The hosting that counts, on memory that the thread sees. */
  readonly #current: Int32Array;
  #failure: Error | null = null;
  #onReply: (reply: ComputeReply) => void = () => {};
  #onFailure: (error: Error) => void = () => {};

  /**
   * Starts the thread and waits until its backend is open. Sets the backend's variables in this process's environment: its
   * native libraries read them when they load, and a thread cannot set them.
   */
  static async start(basis: ComputeBasis): Promise<LivingThread> {
    Object.assign(process.env, backendEnvironment({ device: basis.device, threads: basis.threads }));
    const current = new Int32Array(new SharedArrayBuffer(4));
    const { prepared, backend, device, threads } = basis;
    const workerData: ThreadInit = { prepared, backend, device, threads, current };
    const worker = new Worker(new URL('./compute-thread.js', import.meta.url), { workerData });
    const ready = await new Promise<Extract<ComputeReply, { kind: 'ready' }>>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new Error(`the compute thread ended with code ${code} before it was ready`)),
      );
      worker.once('message', ({ reply }: NumberedReply) => {
        if (reply.kind === 'ready') resolve(reply);
        else reject(failureOf(reply));
      });
    });
    return new LivingThread(worker, ready, current);
  }

  private constructor(worker: Worker, ready: Extract<ComputeReply, { kind: 'ready' }>, current: Int32Array) {
    this.#worker = worker;
    this.#current = current;
    this.backend = ready.backend;
    this.device = ready.device;
    this.notice = ready.notice;
    worker.removeAllListeners('error');
    worker.removeAllListeners('exit');
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', (code) => this.#end(new Error(`the compute thread ended with code ${code}`)));
    worker.on('message', ({ hosting, reply }: NumberedReply) => {
      if (hosting === this.hosting) this.#onReply(reply);
    });
  }

  /** Why it is gone; null while it lives. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** The number of the hosting that counts. */
  get hosting(): number {
    return Atomics.load(this.#current, 0);
  }

  /** Begins another hosting: from now on replies go here, and what is under way for an older one is given up. */
  begin(onReply: (reply: ComputeReply) => void, onFailure: (error: Error) => void): number {
    this.#onReply = onReply;
    this.#onFailure = onFailure;
    return Atomics.add(this.#current, 0, 1) + 1;
  }

  post(request: NumberedRequest): void {
    this.#worker.postMessage(request);
  }

  async stop(): Promise<void> {
    this.#worker.removeAllListeners();
    await this.#worker.terminate();
    this.#end(new Error('the compute thread was stopped'));
  }

  #end(error: Error): void {
    this.#failure ??= error;
    this.#onFailure(this.#failure);
  }
}

/** What a reply that nobody expected says. */
export function failureOf(reply: ComputeReply): Error {
  return reply.kind === 'failed'
    ? new TributaryError(reply.code as ErrorCode, reply.message)
    : new Error(`unexpected ${reply.kind} from the compute thread`);
}

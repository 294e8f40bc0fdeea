import { Worker } from 'node:worker_threads';
import { backendEnvironment } from '@tributary/engine';
import { type ErrorCode, TributaryError } from '@tributary/protocol';
import type {
  ComputeInit,
  ComputeReply,
  ComputeRequest,
  EvaluationResult,
  InnerStep,
  LaneDone,
  Traced,
  Warming,
} from './compute-messages.js';
import type { LaneMoments } from './lane-moments.js';

export interface ComputeEvents {
  /** A lane's gradient lies in its buffers. */
  onLane?(done: LaneDone): void;
  /** A lane has done one more step of its round. */
  onInner?(step: InnerStep): void;
  onWarming?(warming: Warming): void;
  onProgress?(): void;
}

/** The compute thread as the main thread sees it: one request at a time. */
export class ComputeClient {
  readonly backend: string;
  readonly device: string;
  readonly notice: string | null;
  /** By lane hosted here, on memory that both threads see; null where the run's strategy has none. */
  readonly moments: Readonly<Record<number, LaneMoments>> | null;
  /** Called for each graph that the thread compiles, whatever it was asked. */
  onTraced: (traced: Traced) => void = () => {};
  readonly #worker: Worker;
  #failure: Error | null = null;
  #pending: {
    readonly events: ComputeEvents;
    resolve(evaluation: EvaluationResult | null): void;
    reject(error: Error): void;
  } | null = null;

  /**
   * Starts the thread and waits until its backend is open. Sets the backend's variables in this process's environment: its
   * native libraries read them when they load, and a thread cannot set them.
   */
  static async start(init: ComputeInit): Promise<ComputeClient> {
    Object.assign(process.env, backendEnvironment({ device: init.device, threads: init.threads }));
    const worker = new Worker(new URL('./compute-thread.js', import.meta.url), { workerData: init });
    const ready = await new Promise<Extract<ComputeReply, { kind: 'ready' }>>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new Error(`the compute thread ended with code ${code} before it was ready`)),
      );
      worker.once('message', (reply: ComputeReply) => {
        if (reply.kind === 'ready') resolve(reply);
        else reject(failureOf(reply));
      });
    });
    return new ComputeClient(worker, ready);
  }

  private constructor(worker: Worker, ready: Extract<ComputeReply, { kind: 'ready' }>) {
    this.#worker = worker;
    this.backend = ready.backend;
    this.device = ready.device;
    this.notice = ready.notice;
    this.moments = ready.moments;
    worker.removeAllListeners('error');
    worker.removeAllListeners('exit');
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', (code) => this.#end(new Error(`the compute thread ended with code ${code}`)));
    worker.on('message', (reply: ComputeReply) => this.#onReply(reply));
  }

  /** Resolves when the request is done; its parts arrive through `events`. */
  request(request: ComputeRequest, events: ComputeEvents = {}): Promise<EvaluationResult | null> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#pending) return Promise.reject(new Error('the compute thread takes one request at a time'));
    return new Promise((resolve, reject) => {
      this.#pending = { events, resolve, reject };
      this.#worker.postMessage(request);
    });
  }

  async stop(): Promise<void> {
    this.#worker.removeAllListeners();
    await this.#worker.terminate();
  }

  #onReply(reply: ComputeReply): void {
    const pending = this.#pending;
    if (!pending) return;
    switch (reply.kind) {
      case 'lane':
        pending.events.onLane?.(reply.done);
        return;
      case 'inner':
        pending.events.onInner?.(reply);
        return;
      case 'warming':
        pending.events.onWarming?.(reply);
        return;
      case 'traced':
        this.onTraced(reply);
        return;
      case 'progress':
        pending.events.onProgress?.();
        return;
      case 'done':
        this.#pending = null;
        pending.resolve(reply.evaluation);
        return;
      case 'failed':
      case 'ready':
        this.#fail(failureOf(reply));
    }
  }

  /** The thread is gone: this request and every later one fails. */
  #end(error: Error): void {
    this.#failure ??= error;
    this.#fail(error);
  }

  #fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(error);
  }
}

function failureOf(reply: ComputeReply): Error {
  return reply.kind === 'failed'
    ? new TributaryError(reply.code as ErrorCode, reply.message)
    : new Error(`unexpected ${reply.kind} from the compute thread`);
}

import { TributaryError } from '@tributary/protocol';
import type {
  ComputeReply,
  ComputeRequest,
  EvaluationResult,
  InnerStep,
  LaneDone,
  TaskHosting,
  Traced,
  Warming,
} from './compute-messages.js';
import type { LaneMoments } from './lane-moments.js';
import { failureOf, type LivingThread } from './living-thread.js';

export interface ComputeEvents {
  /** A lane's gradient lies in its buffers. */
  onLane?(done: LaneDone): void;
  /** A lane has done one more step of its round. */
  onInner?(step: InnerStep): void;
  onWarming?(warming: Warming): void;
  onProgress?(): void;
}

/** The compute thread as one generation's main thread sees it: one request at a time. */
export class ComputeClient {
  readonly backend: string;
  readonly device: string;
  readonly notice: string | null;
  /** Called for each graph that the thread compiles, whatever it was asked. */
  onTraced: (traced: Traced) => void = () => {};
  readonly #thread: LivingThread;
  readonly #hosting: number;
  #moments: Readonly<Record<number, LaneMoments>> | null = null;
  #failure: Error | null = null;
  #pending: {
    readonly events: ComputeEvents;
    resolve(evaluation: EvaluationResult | null): void;
    reject(error: Error): void;
  } | null = null;

  /** Gives the thread other lanes and vectors. What it does for an earlier client is given up, and that client fails. */
  static async host(thread: LivingThread, on: TaskHosting): Promise<ComputeClient> {
    const client = new ComputeClient(thread);
    await client.#ask({ kind: 'host', on }, {});
    return client;
  }

  private constructor(thread: LivingThread) {
    this.#thread = thread;
    this.backend = thread.backend;
    this.device = thread.device;
    this.notice = thread.notice;
    this.#hosting = thread.begin(
      (reply) => this.#onReply(reply),
      (error) => this.#end(error),
    );
    if (thread.failure) this.#end(thread.failure);
  }

  /** By lane hosted here, on memory that both threads see; null where the run's strategy has none. */
  get moments(): Readonly<Record<number, LaneMoments>> | null {
    return this.#moments;
  }

  /** Resolves when the request is done; its parts arrive through `events`. */
  request(request: ComputeRequest, events: ComputeEvents = {}): Promise<EvaluationResult | null> {
    return this.#ask(request, events);
  }

  /** Gives up the request under way, if any, and every later one. The thread, its graphs and its data stay. */
  release(): void {
    if (this.#thread.hosting === this.#hosting)
      this.#thread.begin(
        () => {},
        () => {},
      );
    this.#end(new TributaryError('GENERATION_SUPERSEDED', 'The compute thread was given to another generation.'));
  }

  #ask(
    request: ComputeRequest | { readonly kind: 'host'; readonly on: TaskHosting },
    events: ComputeEvents,
  ): Promise<EvaluationResult | null> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#pending) return Promise.reject(new Error('the compute thread takes one request at a time'));
    return new Promise((resolve, reject) => {
      this.#pending = { events, resolve, reject };
      this.#thread.post({ hosting: this.#hosting, request });
    });
  }

  #onReply(reply: ComputeReply): void {
    const pending = this.#pending;
    if (!pending) return;
    switch (reply.kind) {
      case 'hosted':
        this.#moments = reply.moments;
        this.#pending = null;
        pending.resolve(null);
        return;
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

  /** This client is of no use any more: this request and every later one fails. */
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

import { type GeneratedSource, TributaryError } from '@tributary/protocol';
import type { TextRequest } from '@tributary/trainer';
import { errorOf } from './generating-thread.js';
import type { GenerationOutcome } from './generation-messages.js';

/** Sources that one batch of requests takes: more requests wait for the next. A single request may have more. */
const sourcesAtOnce = 64;

interface Waiting {
  readonly request: TextRequest;
  resolve(outputs: readonly GeneratedSource[]): void;
  reject(error: Error): void;
}

export interface RequestQueueOptions {
  readonly generate: (requests: readonly TextRequest[]) => Promise<readonly GenerationOutcome[]>;
  readonly mostWaiting: number;
  /** Called with the sources of each batch as it begins. */
  readonly onBatch?: (sources: number) => void;
}

/**
 * Requests that wait for the model. Whatever has come while a batch was computed is the next batch: under load requests share
 * batches, and a lone one waits for nobody.
 */
export class RequestQueue {
  readonly #options: RequestQueueOptions;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(options: RequestQueueOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param signal gives the request up while it waits
   * @throws TributaryError `SERVER_FAILED` where too many wait; what the request is refused with
   */
  async add(request: TextRequest, signal: AbortSignal): Promise<readonly GeneratedSource[]> {
    const { mostWaiting } = this.#options;
    if (this.#waiting.length >= mostWaiting)
      throw new TributaryError('SERVER_FAILED', `${mostWaiting} requests wait already; ask again in a moment.`);
    return await new Promise((resolve, reject) => {
      const waiting: Waiting = { request, resolve, reject };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', () => this.#giveUp(waiting), { once: true });
      void this.#run();
    });
  }

  #giveUp(waiting: Waiting): void {
    const place = this.#waiting.indexOf(waiting);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    waiting.reject(new TributaryError('SERVER_FAILED', 'The request was given up by who asked; ask again.'));
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      this.#options.onBatch?.(sourcesOf(batch));
      try {
        const outcomes = await this.#options.generate(batch.map(({ request }) => request));
        for (const [index, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[index];
          if (outcome?.ok === true) resolve(outcome.outputs);
          else reject(outcome === undefined ? new Error('the model gave no answer') : errorOf(outcome.error));
        }
      } catch (error) {
        for (const { reject } of batch) reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#running = false;
  }

  #take(): readonly Waiting[] {
    let count = 1;
    while (count < this.#waiting.length && sourcesOf(this.#waiting.slice(0, count + 1)) <= sourcesAtOnce) count++;
    return this.#waiting.splice(0, count);
  }
}

const sourcesOf = (requests: readonly Waiting[]): number =>
  requests.reduce((sum, { request }) => sum + request.sources.length, 0);

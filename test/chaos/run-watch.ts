import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { natsNames, type RunEvent } from '@tributary/protocol';

type Progress = Extract<RunEvent, { kind: 'progress' }>;

/** What a run tells of itself while it trains, seen on NATS itself: the API and Postgres may be away. */
export class RunWatch {
  /** Highest step of any generation, and of each. */
  step = 0;
  generation = 0;
  readonly reached = new Map<number, number>();
  /** Step at which each generation began to count, from its first step told. */
  readonly began = new Map<number, number>();
  firstStepAtMs: number | null = null;
  readonly notices: string[] = [];
  readonly #subscription: Subscription;
  readonly #listeners = new Set<(event: Progress) => void>();

  constructor(connection: NatsConnection, namespace: string, run: string) {
    this.#subscription = connection.subscribe(natsNames(namespace).events(run), {
      callback: (error, message) => {
        if (error) return;
        const event = message.json<RunEvent>();
        if (event.kind === 'notice') this.notices.push(event.text);
        if (event.kind === 'progress') this.#note(event);
      },
    });
  }

  #note(event: Progress): void {
    // Before its first step a generation tells the step that it starts from.
    const trained = event.phase === 'training' && event.step > 0;
    if (trained) {
      if (!this.began.has(event.generation)) this.began.set(event.generation, event.step - 1);
      this.reached.set(event.generation, Math.max(event.step, this.reached.get(event.generation) ?? 0));
      this.step = Math.max(this.step, event.step);
      this.firstStepAtMs ??= performance.now();
    }
    this.generation = Math.max(this.generation, event.generation);
    for (const listener of this.#listeners) listener(event);
  }

  /** Resolves at the first progress event that `when` accepts. */
  async next(when: (event: Progress) => boolean, signal: AbortSignal): Promise<Progress> {
    return await new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#listeners.delete(listen);
        signal.removeEventListener('abort', abort);
      };
      const listen = (event: Progress): void => {
        if (!when(event)) return;
        stop();
        resolve(event);
      };
      const abort = (): void => {
        stop();
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      this.#listeners.add(listen);
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
  }

  /** Resolves once the run has done `step` steps. */
  async untilStep(step: number, signal: AbortSignal): Promise<void> {
    if (this.step < step) await this.next((event) => event.phase === 'training' && event.step >= step, signal);
  }

  /** Steps that later generations did again, as far as was told: a little fewer than there were. */
  redoneSteps(): number {
    let redone = 0;
    let most = 0;
    for (const generation of [...this.reached.keys()].sort((a, b) => a - b)) {
      redone += Math.max(0, most - (this.began.get(generation) ?? most));
      most = Math.max(most, this.reached.get(generation) ?? 0);
    }
    return redone;
  }

  close(): void {
    this.#subscription.unsubscribe();
  }
}

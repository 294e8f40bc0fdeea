import { countRunsGivenUp, purgeRun, runsGivenUp } from '@tributary/run-store';
import type { Logger } from '@tributary/telemetry';
import type { ApiDeps } from './api-deps.js';

/** How long after a failure (Postgres or the object store away) a purge is tried again. */
const retryMs = 30_000;

/** Takes what deleted runs hold, one run after another, beside the API's work. What an ended process left, the next goes on with. */
export class BackgroundPurge {
  readonly #stop = new AbortController();
  #working: Promise<void> | null = null;
  #asked = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly deps: Pick<ApiDeps, 'db' | 'objects'>,
    private readonly logger: Logger,
  ) {}

  /** Sees to it that every run deleted so far is purged. */
  wake(): void {
    if (this.#stop.signal.aborted) return;
    this.#asked = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
      if (this.#asked) this.wake();
    });
  }

  /**
   * Waits for the work under way, but no longer than that.
   * @returns deleted runs whose data still goes
   */
  async settled(timeoutMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#working, timeout]);
    clearTimeout(timer);
    return await countRunsGivenUp(this.deps.db);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#retry);
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    const { db, objects } = this.deps;
    try {
      while (this.#asked && !signal.aborted) {
        this.#asked = false;
        for (;;) {
          const [run] = await runsGivenUp(db, 1);
          if (run === undefined || !(await purgeRun(db, objects, run, { signal }))) break;
          this.logger.info({ run }, 'a deleted run is purged');
        }
      }
    } catch (err) {
      this.logger.warn({ err }, 'purging deleted runs failed; it is tried again');
      this.#asked = false;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.wake(), retryMs).unref();
    }
  }
}

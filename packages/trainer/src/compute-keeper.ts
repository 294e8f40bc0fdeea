import { ComputeClient } from './compute-client.js';
import type { ComputeBasis, Hosting, SplitBytes } from './compute-messages.js';
import { LivingThread } from './living-thread.js';

/** A generation's lanes, what computes them, and the way to data where those are needed. */
export interface KeptComputeInit extends ComputeBasis, Hosting {
  readonly splits: (tasks: readonly string[]) => Promise<Readonly<Record<string, SplitBytes>>>;
}

/** A thread with what it was born with, and the tasks whose data it has. */
interface Kept {
  readonly thread: LivingThread;
  readonly basis: string;
  readonly tasks: Set<string>;
}

/**
 * Keeps the compute thread of a trainer process from one generation to the next: its backend, the compiled graphs by task
 * and shape, and the tasks' data. Lanes, vectors and cursors are each generation's own.
 */
export class ComputeKeeper {
  #kept: Kept | null = null;
  #client: ComputeClient | null = null;
  #last: Promise<void> = Promise.resolve();

  /**
   * A client for these lanes on the living thread, where prepared run, backend, device and number of threads are the same;
   * else on a new one. Clients of earlier generations reject everything from now on.
   */
  open(init: KeptComputeInit): Promise<ComputeClient> {
    this.#client?.release();
    // One after the other: two at a time would each start a thread.
    const opened = this.#last.then(() => this.#open(init));
    this.#last = opened.then(
      () => undefined,
      () => undefined,
    );
    return opened;
  }

  async #open({ prepared, backend, device, threads, splits, ...hosting }: KeptComputeInit): Promise<ComputeClient> {
    this.#client?.release();
    this.#client = null;
    const kept = await this.#threadFor({ prepared, backend, device, threads });
    const tasks = [...new Set<string>(hosting.lanes.map(({ task }) => task))];
    const missing = tasks.filter((task) => !kept.tasks.has(task));
    const fetched = missing.length === 0 ? {} : await splits(missing);
    this.#client = await ComputeClient.host(kept.thread, { ...hosting, splits: fetched });
    for (const task of missing) kept.tasks.add(task);
    return this.#client;
  }

  async close(): Promise<void> {
    const kept = this.#kept;
    this.#kept = null;
    this.#client?.release();
    this.#client = null;
    await kept?.thread.stop();
  }

  async #threadFor(basis: ComputeBasis): Promise<Kept> {
    const text = JSON.stringify(basis);
    if (this.#kept && !this.#kept.thread.failure && this.#kept.basis === text) return this.#kept;
    await this.close();
    this.#kept = { thread: await LivingThread.start(basis), basis: text, tasks: new Set() };
    return this.#kept;
  }
}

import { ComputeClient } from './compute-client.js';
import type { ComputeInit, SplitBytes } from './compute-messages.js';

/** As `ComputeInit`, with data fetched only where they are needed. */
export type KeptComputeInit = Omit<ComputeInit, 'splits'> & {
  readonly splits: (tasks: readonly string[]) => Promise<Readonly<Record<string, SplitBytes>>>;
};

/** Keeps the compute thread of a trainer process from one generation to the next. */
export class ComputeKeeper {
  #client: ComputeClient | null = null;

  async open(init: KeptComputeInit): Promise<ComputeClient> {
    await this.close();
    const splits = await init.splits([...new Set<string>(init.lanes.map(({ task }) => task))]);
    this.#client = await ComputeClient.start({ ...init, splits });
    return this.#client;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.stop();
  }
}

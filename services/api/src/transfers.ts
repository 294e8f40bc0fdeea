import type { Readable } from 'node:stream';
import { TributaryError } from '@tributary/protocol';

/** Exports and imports at once, of the ten connections that launches and purges use too. */
const mostTransfers = 4;

/** Streams of runs out of the database and into it. Each keeps a connection at the pace of its client, who may be slow. */
export class Transfers {
  #open = 0;

  /** @throws TributaryError `SERVER_FAILED` where there are as many as there may be */
  out(open: () => Readable): Readable {
    const end = this.#begin();
    try {
      return open().once('close', end);
    } catch (error) {
      end();
      throw error;
    }
  }

  /** The same of one that is over with the promise. */
  async in<T>(work: () => Promise<T>): Promise<T> {
    const end = this.#begin();
    try {
      return await work();
    } finally {
      end();
    }
  }

  #begin(): () => void {
    if (this.#open >= mostTransfers)
      throw new TributaryError(
        'SERVER_FAILED',
        `${mostTransfers} exports and imports are under way, and there may be no more at once; try again when one has ended.`,
      );
    this.#open += 1;
    return () => {
      this.#open -= 1;
    };
  }
}

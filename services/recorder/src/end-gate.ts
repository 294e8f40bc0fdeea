import { setTimeout as delay } from 'node:timers/promises';
import type { DecodedMessage } from './record-writer.js';

const pollMs = 100;

/**
 * Holds each member's last record until everything before it in the stream is settled. What a killed recorder had in hand comes
 * again seconds later: without the gate a run could be called finished while points of it are still to be written.
 */
export class EndGate {
  readonly #settledThrough: () => Promise<number>;
  readonly #write: (ends: readonly DecodedMessage[]) => Promise<void>;
  readonly #signal: AbortSignal;
  #held: DecodedMessage[] = [];
  #running: Promise<void> | null = null;

  /**
   * @param settledThrough the stream's sequence up to which no message is missing an acknowledgment
   * @param write writes and acknowledges
   * @param signal ends the waiting; what is held then is delivered again
   */
  constructor(
    settledThrough: () => Promise<number>,
    write: (ends: readonly DecodedMessage[]) => Promise<void>,
    signal: AbortSignal,
  ) {
    this.#settledThrough = settledThrough;
    this.#write = write;
    this.#signal = signal;
  }

  hold(ends: readonly DecodedMessage[]): void {
    if (ends.length === 0) return;
    this.#held.push(...ends);
    this.#held.sort((a, b) => a.message.sequence - b.message.sequence);
    if (!this.#signal.aborted) this.#running ??= this.#run();
  }

  /** Resolves when nothing is written any more. */
  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#held.length > 0 && !this.#signal.aborted) {
      // A server that is away is asked again; the message is kept alive meanwhile.
      const settled = await this.#settledThrough().catch(() => -1);
      const first = this.#held[0] as DecodedMessage;
      if (first.message.sequence - 1 <= settled) {
        await this.#write([first]).then(
          () => this.#held.splice(this.#held.indexOf(first), 1),
          () => undefined,
        );
      } else {
        await delay(pollMs, undefined, { signal: this.#signal }).catch(() => undefined);
      }
    }
    // Here and not a moment later: what is held in between would wait for the next hold.
    this.#running = null;
  }
}

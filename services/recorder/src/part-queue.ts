import type { CheckpointPart } from '@tributary/protocol';
import type { RecordMessage } from './record-writer.js';

/**
 * Handles checkpoint parts one after another, in the order of their announcement, beside the stream of points: reading gigabytes
 * back must not hold up points. A message is acknowledged once its part is done; what waits at the end is delivered again.
 */
export class PartQueue {
  readonly #handle: (part: CheckpointPart, message: RecordMessage) => Promise<void>;
  readonly #waiting: { readonly message: RecordMessage; readonly part: CheckpointPart }[] = [];
  #running: Promise<void> = Promise.resolve();
  #busy = false;
  #closed = false;

  /** @param handle throws where the part is to be delivered again */
  constructor(handle: (part: CheckpointPart, message: RecordMessage) => Promise<void>) {
    this.#handle = handle;
  }

  add(message: RecordMessage, part: CheckpointPart): void {
    this.#waiting.push({ message, part });
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    this.#running = this.#run();
  }

  /** Takes no more; resolves when the part in hand is done or given up. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let entry = this.#waiting[0]; entry && !this.#closed; entry = this.#waiting[0]) {
      const done = await this.#handle(entry.part, entry.message).then(
        () => true,
        () => false,
      );
      this.#waiting.shift();
      if (done) entry.message.ack();
    }
    this.#busy = false;
  }
}

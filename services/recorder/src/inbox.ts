import type { JsMsg } from '@nats-io/jetstream';
import type { RecordMessage } from './record-writer.js';

/**
 * Messages on their way from the stream to the tables. Each that is not settled yet is kept from being delivered again, however
 * long Postgres is away; at the end they are given back at once.
 */
export class Inbox implements AsyncIterable<RecordMessage> {
  readonly #unsettled = new Set<JsMsg>();
  readonly #waiting: RecordMessage[] = [];
  readonly #keepAlive: NodeJS.Timeout;
  #wake: (() => void) | null = null;
  #ended = false;

  /** @param workingIntervalMs well below the consumer's acknowledgment wait */
  constructor(workingIntervalMs: number) {
    this.#keepAlive = setInterval(() => {
      for (const message of this.#unsettled) message.working();
    }, workingIntervalMs);
  }

  receive(message: JsMsg): void {
    this.#unsettled.add(message);
    this.#waiting.push({
      subject: message.subject,
      data: message.data,
      sequence: message.seq,
      publishedAtMs: message.info.timestampNanos / 1e6,
      pending: message.info.pending,
      ack: () => {
        this.#unsettled.delete(message);
        message.ack();
      },
      terminate: (reason) => {
        this.#unsettled.delete(message);
        message.term(reason);
      },
    });
    this.#wake?.();
  }

  /** Hands out no more. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Gives back all that is not settled, for delivery to the next recorder. */
  giveBack(): void {
    clearInterval(this.#keepAlive);
    for (const message of this.#unsettled) message.nak();
    this.#unsettled.clear();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordMessage> {
    while (!this.#ended) {
      const message = this.#waiting.shift();
      if (message) yield message;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { natsNames } from '@tributary/protocol';

interface Captured {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Real messages of a run, kept to be sent once more: as a network may repeat them, at once or much later. */
export class MessageCapture {
  readonly #connection: NatsConnection;
  readonly #exchange: string;
  readonly #records: Captured[] = [];
  readonly #subscription: Subscription;
  /** The first messages of the exchange that were ever captured. */
  #oldest: readonly Captured[] = [];

  constructor(connection: NatsConnection, namespace: string, run: string) {
    this.#connection = connection;
    const names = natsNames(namespace);
    const exchange = names.exchange(run, 1, 0);
    this.#exchange = `${exchange.slice(0, exchange.length - '.1.0'.length)}.>`;
    this.#subscription = connection.subscribe(names.records(run), {
      callback: (error, message) => {
        // Among many, the first of each generation are the oldest ones.
        if (!error && this.#records.length < 2_000)
          this.#records.push({ subject: message.subject, data: message.data });
      },
    });
  }

  /** Listens to some messages of the exchange; none where nothing is exchanged within a second. */
  async #listen(count: number): Promise<Captured[]> {
    const heard: Captured[] = [];
    await new Promise<void>((resolve) => {
      const subscription = this.#connection.subscribe(this.#exchange, {
        max: count,
        callback: (error, message) => {
          if (!error) heard.push({ subject: message.subject, data: message.data });
          if (heard.length >= count) stop();
        },
      });
      const stop = (): void => {
        clearTimeout(timer);
        subscription.unsubscribe();
        resolve();
      };
      const timer = setTimeout(stop, 1_000);
    });
    if (this.#oldest.length === 0) this.#oldest = heard;
    return heard;
  }

  /** Remembers messages of this moment, as the oldest ones if there are none yet. */
  async remember(): Promise<void> {
    await this.#listen(60);
  }

  /**
   * Sends captured messages again: of this moment, or the oldest ones, which may be of an older generation. Records go without
   * their id, so that JetStream takes them for new ones.
   * @returns how many
   */
  async repeat(late: boolean): Promise<number> {
    const now = await this.#listen(60);
    const exchanged = late ? this.#oldest : now;
    const records = late ? this.#records.slice(0, 40) : this.#records.slice(-40);
    for (const { subject, data } of [...exchanged, ...records]) this.#connection.publish(subject, data);
    await this.#connection.flush();
    return exchanged.length + records.length;
  }

  close(): void {
    this.#subscription.unsubscribe();
  }
}

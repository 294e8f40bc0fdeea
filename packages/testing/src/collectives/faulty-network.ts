import type { Transport } from '@tributary/collectives';
import { type RandomStream, randomStream } from '@tributary/random';

export interface Faults {
  readonly seed: number;
  /** Shares of messages, 0 to 1. */
  readonly drop: number;
  readonly duplicate: number;
  /** Share of messages that are held back, so that later ones overtake them. */
  readonly delay: number;
  readonly longestDelayMs: number;
}

class FaultyTransport implements Transport {
  readonly self: number;
  readonly size: number;
  readonly maxPayloadBytes: number;
  readonly #inner: Transport;
  readonly #faults: Faults;
  readonly #draws: RandomStream;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(inner: Transport, faults: Faults) {
    this.self = inner.self;
    this.size = inner.size;
    this.maxPayloadBytes = inner.maxPayloadBytes;
    this.#inner = inner;
    this.#faults = faults;
    this.#draws = randomStream(faults.seed, 'faults', inner.self);
  }

  send(to: number, head: Uint8Array, body?: Uint8Array): void {
    const { drop, duplicate, delay, longestDelayMs } = this.#faults;
    const copies = this.#draws.uniform() < drop ? 0 : this.#draws.uniform() < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#draws.uniform() >= delay) {
        this.#inner.send(to, head, body);
        continue;
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#inner.send(to, head, body);
      }, this.#draws.uniform() * longestDelayMs);
      this.#timers.add(timer);
    }
  }

  broadcast(head: Uint8Array, body?: Uint8Array): void {
    // Each receiver loses its own copy.
    for (let to = 0; to < this.size; to++) if (to !== this.self) this.send(to, head, body);
  }

  onMessage(handler: (from: number, payload: Uint8Array) => void): void {
    this.#inner.onMessage(handler);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#inner.close();
  }
}

/** Transports that lose, repeat, delay and reorder what they send, by seeded draws. */
export function faultyNetwork(transports: readonly Transport[], faults: Faults): Transport[] {
  return transports.map((transport) => new FaultyTransport(transport, faults));
}

import type { Transport } from './transport.js';

class MemoryTransport implements Transport {
  readonly self: number;
  readonly size: number;
  readonly maxPayloadBytes: number;
  readonly #network: readonly MemoryTransport[];
  #handler: ((from: number, payload: Uint8Array) => void) | null = null;
  #open = true;
  #queue: { readonly from: number; readonly payload: Uint8Array }[] = [];

  constructor(self: number, size: number, maxPayloadBytes: number, network: readonly MemoryTransport[]) {
    this.self = self;
    this.size = size;
    this.maxPayloadBytes = maxPayloadBytes;
    this.#network = network;
  }

  send(to: number, payload: Uint8Array): void {
    const target = this.#network[to];
    if (target === undefined || to === this.self) throw new RangeError(`member ${this.self} cannot send to ${to}`);
    if (payload.byteLength > this.maxPayloadBytes)
      throw new RangeError(`a payload of ${payload.byteLength} bytes exceeds ${this.maxPayloadBytes}`);
    if (this.#open) target.#enqueue(this.self, payload);
  }

  broadcast(payload: Uint8Array): void {
    for (let to = 0; to < this.size; to++) if (to !== this.self) this.send(to, payload);
  }

  onMessage(handler: (from: number, payload: Uint8Array) => void): void {
    this.#handler = handler;
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#queue = [];
  }

  #enqueue(from: number, payload: Uint8Array): void {
    if (!this.#open) return;
    this.#queue.push({ from, payload });
    // Never inside the sender's call: a real network does not do that either.
    if (this.#queue.length === 1) setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    const messages = this.#queue;
    this.#queue = [];
    for (const { from, payload } of messages) if (this.#open) this.#handler?.(from, payload);
  }
}

/** Transports of `size` members in one process. Nothing is lost or overtaken. */
export function memoryNetwork(size: number, maxPayloadBytes = 1_048_576): Transport[] {
  const network: MemoryTransport[] = [];
  for (let self = 0; self < size; self++) network.push(new MemoryTransport(self, size, maxPayloadBytes, network));
  return network;
}

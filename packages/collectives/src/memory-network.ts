import type { Transport } from './transport.js';

interface Queued {
  readonly from: number;
  readonly head: Uint8Array;
  readonly body: Uint8Array | undefined;
}

class MemoryTransport implements Transport {
  readonly self: number;
  readonly size: number;
  readonly maxPayloadBytes: number;
  readonly #network: readonly MemoryTransport[];
  #handler: ((from: number, payload: Uint8Array) => void) | null = null;
  #open = true;
  #queue: Queued[] = [];
  #gathered = new Uint8Array(0);

  constructor(self: number, size: number, maxPayloadBytes: number, network: readonly MemoryTransport[]) {
    this.self = self;
    this.size = size;
    this.maxPayloadBytes = maxPayloadBytes;
    this.#network = network;
  }

  send(to: number, head: Uint8Array, body?: Uint8Array): void {
    const target = this.#network[to];
    if (target === undefined || to === this.self) throw new RangeError(`member ${this.self} cannot send to ${to}`);
    const length = head.byteLength + (body?.byteLength ?? 0);
    if (length > this.maxPayloadBytes)
      throw new RangeError(`a payload of ${length} bytes exceeds ${this.maxPayloadBytes}`);
    if (this.#open) target.#enqueue({ from: this.self, head, body });
  }

  broadcast(head: Uint8Array, body?: Uint8Array): void {
    for (let to = 0; to < this.size; to++) if (to !== this.self) this.send(to, head, body);
  }

  onMessage(handler: (from: number, payload: Uint8Array) => void): void {
    this.#handler = handler;
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#queue = [];
  }

  #enqueue(message: Queued): void {
    if (!this.#open) return;
    this.#queue.push(message);
    // Never inside the sender's call: a real network does not do that either.
    if (this.#queue.length === 1) setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    const messages = this.#queue;
    this.#queue = [];
    for (const { from, head, body } of messages) if (this.#open) this.#handler?.(from, this.#gather(head, body));
  }

  /** One buffer for all messages, as a socket has: who keeps a payload without copying it is found out. */
  #gather(head: Uint8Array, body: Uint8Array | undefined): Uint8Array {
    const length = head.byteLength + (body?.byteLength ?? 0);
    if (this.#gathered.byteLength < length) this.#gathered = new Uint8Array(length);
    this.#gathered.set(head);
    if (body) this.#gathered.set(body, head.byteLength);
    return this.#gathered.subarray(0, length);
  }
}

/** Transports of `size` members in one process. Nothing is lost or overtaken. */
export function memoryNetwork(size: number, maxPayloadBytes = 1_048_576): Transport[] {
  const network: MemoryTransport[] = [];
  for (let self = 0; self < size; self++) network.push(new MemoryTransport(self, size, maxPayloadBytes, network));
  return network;
}

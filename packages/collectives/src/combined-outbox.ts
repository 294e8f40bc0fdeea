import { bytesOf, chunkLength, chunkOf } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import type { ExchangePlan } from './exchange-plan.js';
import type { VectorAllocator } from './vector-allocator.js';

const idle = 0;
const wanted = 1;
const served = 2;

/** How a chunk of the combined gradient goes out: to one member, or (-1) to all. */
export type SendCombined = (to: number, chunk: number, body: Uint8Array) => void;

/**
 * The combined gradient of one step: own chunks, coded once, and received ones. A chunk is published once all have asked for it,
 * so that no one is sent what it has no room for.
 */
export class CombinedOutbox {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #send: SendCombined;
  /** [sharedElements] */
  readonly shared: Float32Array;
  /** Codes of the own chunks, one after the other; empty where they are the elements' own bytes. */
  readonly #codes: Uint8Array;
  /** By own chunk: each member's state. */
  readonly #states: Uint8Array;
  /** By own chunk: members that have asked. */
  readonly #askers: Uint16Array;
  readonly #ready: Uint8Array;

  constructor(plan: ExchangePlan, codec: Codec, memory: VectorAllocator, send: SendCombined) {
    this.#plan = plan;
    this.#codec = codec;
    this.#send = send;
    this.shared = memory.float32(plan.sharedElements);
    this.#codes = memory.bytes(codec.identity ? 0 : codec.encodedBytes(plan.ownElements));
    this.#states = new Uint8Array(plan.ownChunks * plan.size);
    this.#askers = new Uint16Array(plan.ownChunks);
    this.#ready = new Uint8Array(plan.ownChunks);
  }

  reset(): void {
    this.#states.fill(idle);
    this.#askers.fill(0);
    this.#ready.fill(0);
  }

  /** Where one chunk, own or received, is written. */
  place(chunk: number): Float32Array {
    return chunkOf(this.shared, this.#plan.chunkElements, chunk);
  }

  /** Tells that an own chunk is in its place: codes it, keeps what its code gives, and publishes it if all have asked. */
  ready(chunk: number): void {
    const own = chunk - this.#plan.firstChunk;
    if (!this.#codec.identity) {
      const place = this.place(chunk);
      this.#codec.encode(place, this.#body(own), { decoded: place });
    }
    this.#ready[own] = 1;
    this.#publish(own);
  }

  /** Serves or keeps a want; false where it asks for what this member does not own. */
  want(from: number, first: number, end: number, again: boolean): boolean {
    const { firstChunk, ownChunks, size } = this.#plan;
    if (first < firstChunk || end > firstChunk + ownChunks) return false;
    for (let own = first - firstChunk; own < end - firstChunk; own++) {
      const at = own * size + from;
      if (this.#states[at] === idle) {
        this.#states[at] = wanted;
        this.#askers[own] = (this.#askers[own] as number) + 1;
        this.#publish(own);
      } else if (again && this.#ready[own] === 1) {
        // Its own copy: the others may be late to ask, or have theirs.
        this.#states[at] = served;
        this.#send(from, firstChunk + own, this.#body(own));
      }
    }
    return true;
  }

  #publish(own: number): void {
    const { size, self, firstChunk } = this.#plan;
    if (this.#ready[own] !== 1 || this.#askers[own] !== size - 1 || size === 1) return;
    let unserved = 0;
    let last = -1;
    for (let member = 0; member < size; member++) {
      if (member === self || this.#states[own * size + member] === served) continue;
      unserved += 1;
      last = member;
      this.#states[own * size + member] = served;
    }
    if (unserved > 0) this.#send(unserved === 1 ? last : -1, firstChunk + own, this.#body(own));
  }

  #body(own: number): Uint8Array {
    const { chunkElements, firstChunk, ownElements } = this.#plan;
    if (this.#codec.identity) return bytesOf(this.place(firstChunk + own));
    const at = this.#codec.encodedBytes(own * chunkElements);
    return this.#codes.subarray(at, at + this.#codec.encodedBytes(chunkLength(ownElements, chunkElements, own)));
  }
}

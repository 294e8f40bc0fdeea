import type { VectorMemory } from './vector-memory.js';

/** The part of a memory that a constructor needs. */
export type VectorAllocator = Pick<VectorMemory, 'float32' | 'bytes'>;

const alignment = 64;

/** Counts what would be allocated. Its vectors are empty. */
export class CountingAllocator implements VectorAllocator {
  bytesCounted = 0;

  float32(elements: number): Float32Array<SharedArrayBuffer> {
    this.#count(elements * 4);
    return new Float32Array(new SharedArrayBuffer(0));
  }

  bytes(length: number): Uint8Array<SharedArrayBuffer> {
    this.#count(length);
    return new Uint8Array(new SharedArrayBuffer(0));
  }

  #count(bytes: number): void {
    this.bytesCounted += Math.ceil(bytes / alignment) * alignment;
  }
}

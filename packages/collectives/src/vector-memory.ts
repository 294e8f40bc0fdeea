/** Memory on which the big vectors of an exchange lie. */
export interface VectorMemory {
  /** A vector of zeros, 64-byte aligned, that all threads see. */
  float32(elements: number): Float32Array<SharedArrayBuffer>;
  bytes(length: number): Uint8Array<SharedArrayBuffer>;
}

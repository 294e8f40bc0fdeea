/** Copies a vector off the memory that the next steps overwrite. */
export type CopyVector = (vector: Float32Array) => Float32Array<ArrayBuffer>;

/** On memory of its own. */
export const copied: CopyVector = (vector) => Float32Array.from(vector);

/**
 * Copies of state vectors on memory that is used again: fresh memory of the size of a state costs more than the copy itself.
 * Copies are handed to another thread with their buffers, which come back once it has read them.
 */
export class VectorCopies {
  readonly #free = new Map<number, ArrayBuffer[]>();
  /** Copies that are out, by size: what is not one of them does not stay. */
  readonly #out = new Map<number, number>();

  readonly copy: CopyVector = (vector) => {
    const { byteLength } = vector;
    const buffer = this.#free.get(byteLength)?.pop() ?? new ArrayBuffer(byteLength);
    this.#out.set(byteLength, (this.#out.get(byteLength) ?? 0) + 1);
    const copy = new Float32Array(buffer);
    copy.set(vector);
    return copy;
  };

  giveBack(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      const { byteLength } = buffer;
      const out = this.#out.get(byteLength) ?? 0;
      if (out === 0) continue;
      this.#out.set(byteLength, out - 1);
      this.#free.set(byteLength, [...(this.#free.get(byteLength) ?? []), buffer]);
    }
  }
}

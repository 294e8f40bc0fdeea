/** Elements of chunk `chunk` of a vector of `elements`. */
export function chunkLength(elements: number, chunkElements: number, chunk: number): number {
  return Math.min(chunkElements, elements - chunk * chunkElements);
}

/** The elements of chunk `chunk` of a vector, in place. */
export function chunkOf(vector: Float32Array, chunkElements: number, chunk: number): Float32Array {
  return vector.subarray(chunk * chunkElements, (chunk + 1) * chunkElements);
}

/** The same memory as bytes. */
export function bytesOf(vector: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

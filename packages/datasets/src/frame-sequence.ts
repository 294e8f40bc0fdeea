/** A continuous sequence: `length` vectors of `width` numbers each. */
export interface FrameSequence {
  readonly width: number;
  readonly length: number;
  /** f32[length, width], row-major */
  readonly values: Float32Array;
}

/** A source or target before vocabularies exist: symbols, ids of a tokenizer, or vectors. */
export type RawSequence = readonly string[] | readonly number[] | FrameSequence;

export function isFrames(sequence: RawSequence): sequence is FrameSequence {
  return !Array.isArray(sequence);
}

/** Whether it is symbols whose vocabulary is counted. */
export function isSymbols(sequence: RawSequence): sequence is readonly string[] {
  return !isFrames(sequence) && typeof sequence[0] === 'string';
}

export function framesOf(vectors: readonly ArrayLike<number>[], width: number): FrameSequence {
  const values = new Float32Array(vectors.length * width);
  vectors.forEach((vector, index) => {
    values.set(vector, index * width);
  });
  return { width, length: vectors.length, values };
}

/** The first elements of a sequence. */
export function cutSequence(sequence: RawSequence, length: number): RawSequence {
  if (sequence.length <= length) return sequence;
  if (!isFrames(sequence)) return sequence.slice(0, length);
  return { width: sequence.width, length, values: sequence.values.slice(0, length * sequence.width) };
}

/** Equal for equal sequences and for no others of the same kind: the symbols or ids, or the bits of the numbers. */
export function sequenceKey(sequence: RawSequence): string {
  if (!isFrames(sequence)) return sequence.join('\u0000');
  const { buffer, byteOffset, byteLength } = sequence.values;
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** What a codec's rounding has taken from a vector so far, added to its next code. */
export interface CodecResidual {
  /** As the last code left it. */
  readonly before: Float32Array;
  /** Receives f32(f32(source + before) - decoded). May be `before` itself. */
  readonly after: Float32Array;
}

export interface EncodeOptions {
  /** Only with a codec that has `feedback`; others do not read or write it. */
  readonly residual?: CodecResidual;
  /** Receives what `decode` gives for the code. May be the source itself. */
  readonly decoded?: Float32Array;
}

/**
 * How float32 vectors are written to the wire, as a pure function of the vector (and residual): the same bytes on every host.
 * Codes of 1,024 elements follow one another, so the code of elements [1,024·a, 1,024·b) is a run of bytes of the whole code, from
 * `encodedBytes(1,024·a)` on. A coded group with an element that is NaN or infinite decodes to something that is not finite.
 */
export interface Codec {
  readonly name: 'fp32' | 'bf16' | 'int8';
  /** The code is the vector's own bytes: encode and decode may be left out. */
  readonly identity: boolean;
  /** What a code loses is to be added to the next one (`residual`). */
  readonly feedback: boolean;
  encodedBytes(elements: number): number;
  /**
   * Writes `encodedBytes(source.length)` bytes. Views on the codec's memory are fast; `target` need not be aligned.
   *
   * @throws TributaryError `INTERNAL` when a view is too short; `decode` likewise.
   */
  encode(source: Float32Array, target: Uint8Array, options?: EncodeOptions): void;
  /** Whether a code decodes to finite numbers alone, where that can be told without reading all of it. */
  readonly isFinite?: (code: Uint8Array) => boolean;
  /** Reads `encodedBytes(target.length)` bytes; `code` need not be aligned, and may lie anywhere at little cost. */
  decode(code: Uint8Array, target: Float32Array): void;
}

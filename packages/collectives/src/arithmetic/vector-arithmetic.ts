/**
 * The arithmetic of the exchange on long float32 vectors. Each operation has one order, fixed by vector and element, so every
 * implementation gives the same bits on every processor (payloads of NaN aside). Views may lie anywhere; those that lie on the
 * `VectorMemory` the arithmetic belongs to are fast.
 */
export interface VectorArithmetic {
  /** Whether every element is a finite number. */
  allFinite(values: Float32Array): boolean;
  /**
   * target[i] = f32((v₀[i] + v₁[i] + …) / n), added in the order of `vectors` in float64. `target` may be one of `vectors`; all
   * have its length.
   */
  mean(target: Float32Array, vectors: readonly Float32Array[]): void;
  /**
   * Inner products of all pairs (0,0) (0,1) … (1,1) … of T equally long vectors, written to sums[at …] (T(T+1)/2 numbers). Each is
   * eight float64 sums, the j-th over the elements i with i mod 8 = j in order, added as
   * ((s₀ + s₁) + (s₂ + s₃)) + ((s₄ + s₅) + (s₆ + s₇)).
   */
  innerProducts(vectors: readonly Float32Array[], sums: Float64Array, at: number): void;
  /**
   * target[i] = f32(c₀·v₀[i] + c₁·v₁[i] + …), added in the order of `vectors` in float64. `target` may be one of `vectors`; all
   * have its length.
   */
  combine(target: Float32Array, vectors: readonly Float32Array[], coefficients: Float64Array): void;
  /** values[i] = f32(values[i]·factor), multiplied in float64. */
  scale(values: Float32Array, factor: number): void;
  /** Copies bytes to a view of the same length; `source` may lie anywhere at little cost. */
  copy(target: Uint8Array, source: Uint8Array): void;
}

import type { Tensor } from './tensorflow-js.js';

/** Shape and element type of one input or output; a scalar has the shape `[]`. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** Elements of one tensor in row-major order; may lie on a SharedArrayBuffer. */
export type Data = Float32Array | Int32Array;

export type BackendKind = 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';

/** A pure function of tensors, written with the operations of `tf`. */
export type TensorFunction = (inputs: readonly Tensor[]) => readonly Tensor[];

export interface TraceOptions {
  /**
   * `bf16`: the operands of every matrix product are rounded to bfloat16, its result is kept in float32. Everything else
   * stays float32. Default: `float32`.
   */
  readonly precision?: 'float32' | 'bf16';
}

/** The one seam between models and the engine: nothing above it knows which backend runs. */
export interface ComputeBackend {
  readonly kind: BackendKind;
  /** For example `TensorFlow 2.21.0, traced`. */
  readonly version: string;
  /** `cpu` or `gpu:0`. */
  readonly device: string;
  /** Why a better backend does not run, and how much slower this one is; null when the best one runs. */
  readonly notice: string | null;
  /**
   * Compiles a pure function of tensors for the given input shapes. `fn` runs at least once, on placeholder inputs
   * (zeros): it may use `tf.grads` and the like, must not depend on values, and returns float32 or int32 tensors.
   * Each call compiles anew: `compile` and `GraphCache` keep what was compiled.
   * @throws TributaryError `TRACE_REFUSED`, naming the operation, for what cannot be compiled honestly: the same
   * functions on every backend.
   */
  trace(name: string, fn: TensorFunction, inputs: readonly TensorSpec[], options?: TraceOptions): TracedFunction;
  /** What it holds now. */
  memory(): BackendMemory;
  /** Frees every function that was traced and not yet disposed of. */
  dispose(): void;
}

export interface BackendMemory {
  /** Functions that were traced and not yet disposed of. */
  readonly graphs: number;
  /** Estimate of what these hold between runs: the sum of `TracedFunction.bytes`. */
  readonly graphBytes: number;
  /** Tensors that the library holds; as many after a run as before it. */
  readonly tensors: number;
  /** Resident memory of the whole process now, in bytes. */
  readonly rssBytes: number;
  /** The most that it ever was, in bytes. */
  readonly peakRssBytes: number;
}

/** Where the milliseconds of a trace went; they add up to `traceMs`. */
export interface TraceTiming {
  /** Running `fn` once on zeros and writing down its operations. Op-by-op backends check its operations here. */
  readonly recordMs: number;
  /** Encoding the graph and giving it to the library; 0 for op-by-op backends. */
  readonly loadMs: number;
  /** The first run, in which the library optimises the graph and plans its execution; 0 for op-by-op backends. */
  readonly firstRunMs: number;
}

/** A compiled function. */
export interface TracedFunction {
  readonly name: string;
  readonly outputs: readonly TensorSpec[];
  /** Milliseconds from `trace` to readiness, the first run included. */
  readonly traceMs: number;
  readonly timing: TraceTiming;
  /** Estimate of the bytes it holds between runs, until it is disposed of; 0 for op-by-op backends. */
  readonly bytes: number;
  /**
   * Runs it. `inputs` are in order, of the traced sizes and types, and untouched. Where `into[i]` is given it receives
   * output i and is what stands at i in the result; elsewhere a new array does. One run at a time. After a run that
   * failed the contents of `into` are undefined.
   *
   * TensorFlow reads inputs and writes large outputs in place where they lie on vectors made by `allocateVectors` or by
   * an optimizer's `allocate`; from and to other memory it copies.
   */
  run(inputs: readonly Data[], into?: readonly (Data | undefined)[]): Promise<Data[]>;
  dispose(): void;
}

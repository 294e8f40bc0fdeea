import type {
  ComputeBackend,
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
} from './compute-backend.js';
import { GraphCache, type GraphInfo, type TraceEvent } from './graph-cache.js';

/** Elements of one tensor in row-major order, with its shape. */
export interface ShapedData {
  readonly shape: readonly number[];
  readonly data: Data;
}

/** A function that compiles itself for each combination of input shapes that it meets. */
export interface CompiledFunction {
  readonly name: string;
  /**
   * Runs the graph for the inputs' shapes and types, compiling it where it is not held.
   * @param into `into[i]`, if given, receives output i
   * @throws TributaryError `TRACE_REFUSED`, naming the operation, for what cannot be compiled honestly
   */
  run(inputs: readonly ShapedData[], into?: readonly (Data | undefined)[]): Promise<Data[]>;
  /** The function for one combination of shapes, compiled now where it is not held: for warm-up, output shapes, timing. */
  at(inputs: readonly TensorSpec[]): TracedFunction;
  /** The graphs that it holds, most recently used first. */
  readonly graphs: readonly GraphInfo[];
  /** Disposes of its graphs. */
  dispose(): void;
}

export interface CompileOptions extends TraceOptions {
  /** Most graphs held at once; the least recently used are disposed of. Ignored with a `GraphCache`, which has its own bounds. Default: 16. */
  readonly maxGraphs?: number;
  /** Called after each compilation. Ignored with a `GraphCache`, which has its own. */
  readonly onTrace?: (event: TraceEvent) => void;
}

const dtypeOf = (data: Data): TensorSpec['dtype'] => (data instanceof Float32Array ? 'float32' : 'int32');

/**
 * Makes a pure function of tensors into one that takes arrays of any shapes: it is compiled when a combination of
 * shapes first comes, and the graph is reused from then on. `fn` may look at its inputs' shapes, never at their values.
 * @param backend a `GraphCache` to share one bound with other functions, or a backend, for bounds of its own
 */
export function compile(
  backend: ComputeBackend,
  name: string,
  fn: TensorFunction,
  options: CompileOptions = {},
): CompiledFunction {
  const { maxGraphs = 16, onTrace, ...traceOptions } = options;
  const cache = backend instanceof GraphCache ? backend : new GraphCache(backend, { maxGraphs, onTrace });
  const owner = cache.owner(name, fn, traceOptions);
  return {
    name,
    get graphs() {
      return owner.graphs();
    },
    at: (inputs) => owner.at(inputs),
    async run(inputs, into) {
      const specs = inputs.map(({ shape, data }): TensorSpec => ({ shape, dtype: dtypeOf(data) }));
      return owner.at(specs).run(
        inputs.map(({ data }) => data),
        into,
      );
    },
    dispose: () => owner.dispose(),
  };
}

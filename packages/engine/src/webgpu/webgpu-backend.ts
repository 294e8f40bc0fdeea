import { TributaryError } from '@tributary/protocol';
import type {
  BackendMemory,
  ComputeBackend,
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
} from '../compute-backend.js';
import { inPrecision } from '../eager/bfloat16-products.js';
import { inputTensors } from '../eager/input-tensors.js';
import { processMemory } from '../process-memory.js';
import { checkRun, copyOf, deliver, newData, outputSpecs } from '../tensor-spec.js';
import { type Tensor, tf, useBackend } from '../tensorflow-js.js';
import { traceOnce } from '../tracing/trace-once.js';

export interface WebgpuBackendOptions {
  readonly version: string;
  readonly device: string;
  readonly notice: string | null;
  /** What went wrong on the device since it was opened, once something has. */
  readonly failure: () => string | undefined;
  readonly close: () => void;
}

/** Runs functions op by op on a WebGPU device; results are read back asynchronously. */
export class WebgpuBackend implements ComputeBackend {
  readonly kind = 'webgpu';
  readonly version: string;
  readonly device: string;
  readonly notice: string | null;
  readonly #failure: () => string | undefined;
  readonly #close: () => void;
  readonly #functions = new Set<TracedFunction>();
  #disposed = false;

  constructor(options: WebgpuBackendOptions) {
    this.version = options.version;
    this.device = options.device;
    this.notice = options.notice;
    this.#failure = options.failure;
    this.#close = options.close;
  }

  trace(
    name: string,
    traced: TensorFunction,
    inputs: readonly TensorSpec[],
    options: TraceOptions = {},
  ): TracedFunction {
    const started = performance.now();
    const fn = inPrecision(traced, options.precision);
    this.#check(name);
    useBackend('webgpu');
    let outputs: readonly TensorSpec[] = [];
    // The first call compiles the shaders. Its results stay on the device: reading them could not be awaited here.
    traceOnce(
      name,
      fn,
      () => inputTensors(inputs, inputs.map(newData)),
      (returned) => {
        outputs = outputSpecs(name, returned);
      },
    );
    const traceMs = performance.now() - started;
    const compiled: TracedFunction = {
      name,
      outputs,
      traceMs,
      timing: { recordMs: traceMs, loadMs: 0, firstRunMs: 0 },
      bytes: 0,
      run: async (data, into = []) => {
        if (!this.#functions.has(compiled))
          throw new TributaryError('INTERNAL', `${name} was run after it was disposed of.`);
        checkRun(name, { inputs, outputs }, data, into);
        const results = this.#start(name, fn, inputs, data);
        try {
          const read = await Promise.all(results.map((tensor) => tensor.data<'float32' | 'int32'>()));
          this.#check(name);
          // Copied: a tensor that never went to the device gives out the array it was made of.
          return read.map((values, index) => deliver(copyOf(values, outputs[index] as TensorSpec), into[index]));
        } finally {
          tf.dispose([...results]);
        }
      },
      dispose: () => {
        this.#functions.delete(compiled);
      },
    };
    this.#functions.add(compiled);
    return compiled;
  }

  memory(): BackendMemory {
    return { graphs: this.#functions.size, graphBytes: 0, tensors: tf.memory().numTensors, ...processMemory() };
  }

  #start(name: string, fn: TensorFunction, inputs: readonly TensorSpec[], data: readonly Data[]): readonly Tensor[] {
    this.#check(name);
    useBackend('webgpu');
    const results: Tensor[] = [];
    tf.tidy(() => {
      // Clones: an output may be an input, or the same tensor twice.
      for (const tensor of fn(inputTensors(inputs, data))) results.push(tf.keep(tf.clone(tensor)));
    });
    return results;
  }

  #check(name: string): void {
    const failure = this.#failure();
    if (failure === undefined) return;
    throw new TributaryError(
      'BACKEND_UNAVAILABLE',
      `The WebGPU device failed at ${name} (${failure}): start the process again, or choose another backend.`,
    );
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#functions.clear();
    this.#close();
  }
}

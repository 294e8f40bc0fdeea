import { TributaryError } from '@tributary/protocol';
import type {
  BackendKind,
  BackendMemory,
  ComputeBackend,
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
} from '../compute-backend.js';
import { processMemory } from '../process-memory.js';
import { checkRun, copyOf, deliver, newData, outputSpecs } from '../tensor-spec.js';
import { tf, useBackend } from '../tensorflow-js.js';
import { traceOnce } from '../tracing/trace-once.js';
import { inPrecision } from './bfloat16-products.js';
import { inputTensors } from './input-tensors.js';

export interface EagerBackendOptions {
  readonly kind: BackendKind;
  /** The registered and initialised TensorFlow.js backend that computes. */
  readonly tfjsBackend: string;
  readonly version: string;
  readonly device: string;
  readonly notice: string | null;
}

/** Runs functions op by op on a TensorFlow.js backend. */
export class EagerBackend implements ComputeBackend {
  readonly kind: BackendKind;
  readonly version: string;
  readonly device: string;
  readonly notice: string | null;
  readonly #tfjsBackend: string;
  readonly #functions = new Set<TracedFunction>();

  constructor(options: EagerBackendOptions) {
    this.kind = options.kind;
    this.version = options.version;
    this.device = options.device;
    this.notice = options.notice;
    this.#tfjsBackend = options.tfjsBackend;
  }

  trace(name: string, fn: TensorFunction, inputs: readonly TensorSpec[], options: TraceOptions = {}): TracedFunction {
    const started = performance.now();
    const computed = inPrecision(fn, options.precision);
    useBackend(this.#tfjsBackend);
    let outputs: readonly TensorSpec[] = [];
    traceOnce(
      name,
      computed,
      () => inputTensors(inputs, inputs.map(newData)),
      (returned) => {
        outputs = outputSpecs(name, returned);
      },
    );
    const compute = (data: readonly Data[]): Data[] => {
      useBackend(this.#tfjsBackend);
      const results: Data[] = [];
      tf.tidy(() => {
        // Copied: a backend may hand out its own memory, or that of an input.
        computed(inputTensors(inputs, data)).forEach((tensor, index) => {
          results.push(copyOf(tensor.dataSync(), outputs[index] as TensorSpec));
        });
      });
      return results;
    };
    const specs = { inputs, outputs };
    const traceMs = performance.now() - started;
    const traced: TracedFunction = {
      name,
      outputs,
      traceMs,
      timing: { recordMs: traceMs, loadMs: 0, firstRunMs: 0 },
      bytes: 0,
      run: async (data, into = []) => {
        if (!this.#functions.has(traced))
          throw new TributaryError('INTERNAL', `${name} was run after it was disposed of.`);
        checkRun(name, specs, data, into);
        return compute(data).map((values, index) => deliver(values, into[index]));
      },
      dispose: () => {
        this.#functions.delete(traced);
      },
    };
    this.#functions.add(traced);
    return traced;
  }

  memory(): BackendMemory {
    return { graphs: this.#functions.size, graphBytes: 0, tensors: tf.memory().numTensors, ...processMemory() };
  }

  dispose(): void {
    this.#functions.clear();
  }
}

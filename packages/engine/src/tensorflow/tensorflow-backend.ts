import { TributaryError } from '@tributary/protocol';
import type {
  BackendMemory,
  ComputeBackend,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
} from '../compute-backend.js';
import { EagerBackend } from '../eager/eager-backend.js';
import { processMemory } from '../process-memory.js';
import type { NodeBackend } from './binding.js';
import { explainMissingGpu } from './explain-gpu.js';
import { gatherGpuEvidence } from './gpu-evidence.js';
import { Scratch } from './in-place-outputs.js';
import { loadAddon } from './load-addon.js';
import { completeEagerProducts } from './rounded-products.js';
import { SessionFunction, type SessionFunctionDeps } from './session-function.js';

/** Runs each function as one TensorFlow graph. */
class TensorflowBackend implements ComputeBackend {
  readonly kind = 'tensorflow';
  readonly version: string;
  readonly device: string;
  readonly notice: string | null;
  readonly #addon: NodeBackend;
  readonly #functions = new Set<SessionFunction>();
  readonly #scratch = new Scratch();

  constructor(addon: NodeBackend, device: string, notice: string | null) {
    this.#addon = addon;
    this.device = device;
    this.notice = notice;
    this.version = `TensorFlow ${addon.binding.TF_Version}, traced`;
  }

  trace(name: string, fn: TensorFunction, inputs: readonly TensorSpec[], options: TraceOptions = {}): TracedFunction {
    const deps: SessionFunctionDeps = {
      addon: this.#addon,
      scratch: this.#scratch,
      onDispose: (disposed) => this.#functions.delete(disposed),
    };
    const traced = new SessionFunction(deps, name, fn, inputs, options);
    this.#functions.add(traced);
    return traced;
  }

  memory(): BackendMemory {
    return {
      graphs: this.#functions.size,
      graphBytes: [...this.#functions].reduce((sum, { bytes }) => sum + bytes, 0),
      tensors: this.#addon.binding.getNumOfTensors(),
      ...processMemory(),
    };
  }

  dispose(): void {
    for (const traced of [...this.#functions]) traced.dispose();
    this.#functions.clear();
  }
}

export interface TensorflowOptions {
  readonly device: string;
  readonly threads: number;
}

/** Opens TensorFlow. Where it finds no GPU it computes on the processor and says so, or refuses if `strict`. */
export function openTensorflow(options: TensorflowOptions, strict: boolean): ComputeBackend {
  const { device } = options;
  const addon = loadAddon(options);
  if (device === 'cpu' || addon.binding.isUsingGpuDevice()) return new TensorflowBackend(addon, device, null);
  const { cause, remedy } = explainMissingGpu(device, gatherGpuEvidence());
  const why = `TensorFlow finds no GPU for "${device}" (${cause}): ${remedy}.`;
  if (strict) throw new TributaryError('BACKEND_UNAVAILABLE', why);
  return new TensorflowBackend(addon, 'cpu', `${why} It computes on the processor.`);
}

/** The same library op by op: what a traced graph is compared with. */
export function openTensorflowEager(options: TensorflowOptions): ComputeBackend {
  const { binding } = loadAddon(options);
  completeEagerProducts();
  return new EagerBackend({
    kind: 'tensorflow',
    tfjsBackend: 'tensorflow',
    version: `TensorFlow ${binding.TF_Version}, op by op`,
    device: options.device,
    notice: null,
  });
}

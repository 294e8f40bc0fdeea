import type { ComputeBackend, TensorFunction, TensorSpec, TracedFunction } from '../compute-backend.js';
import { EagerBackend } from '../eager/eager-backend.js';
import type { NodeBackend } from './binding.js';
import { loadAddon } from './load-addon.js';
import { SessionFunction } from './session-function.js';

/** Runs each function as one TensorFlow graph. */
class TensorflowBackend implements ComputeBackend {
  readonly kind = 'tensorflow';
  readonly version: string;
  readonly device: string;
  readonly notice = null;
  readonly #addon: NodeBackend;
  readonly #functions = new Set<SessionFunction>();

  constructor(addon: NodeBackend, device: string) {
    this.#addon = addon;
    this.device = device;
    this.version = `TensorFlow ${addon.binding.TF_Version}, traced`;
  }

  trace(name: string, fn: TensorFunction, inputs: readonly TensorSpec[]): TracedFunction {
    const traced = new SessionFunction(this.#addon, name, fn, inputs);
    this.#functions.add(traced);
    return traced;
  }

  dispose(): void {
    for (const traced of this.#functions) traced.dispose();
    this.#functions.clear();
  }
}

export interface TensorflowOptions {
  readonly device: string;
  readonly threads: number;
}

export function openTensorflow(options: TensorflowOptions): ComputeBackend {
  return new TensorflowBackend(loadAddon(options), options.device);
}

/** The same library op by op: what a traced graph is compared with. */
export function openTensorflowEager(options: TensorflowOptions): ComputeBackend {
  const { binding } = loadAddon(options);
  return new EagerBackend({
    kind: 'tensorflow',
    tfjsBackend: 'tensorflow',
    version: `TensorFlow ${binding.TF_Version}, op by op`,
    device: options.device,
    notice: null,
  });
}

import { TributaryError } from '@tributary/protocol';
import type {
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
  TraceTiming,
} from '../compute-backend.js';
import { checkRun, deliver, newData } from '../tensor-spec.js';
import type { Binding, NodeBackend } from './binding.js';
import { type OutputPlan, placesOf, planOutputs, type Scratch } from './in-place-outputs.js';
import { record } from './record.js';
import { loadSession } from './session.js';

export interface SessionFunctionDeps {
  readonly addon: NodeBackend;
  readonly scratch: Scratch;
  readonly onDispose: (disposed: SessionFunction) => void;
}

/** A whole function as one graph in a session of its own: a run is one call into TensorFlow. */
export class SessionFunction implements TracedFunction {
  readonly name: string;
  readonly outputs: readonly TensorSpec[];
  readonly traceMs: number;
  readonly timing: TraceTiming;
  readonly bytes: number;
  readonly #deps: SessionFunctionDeps;
  readonly #binding: Binding;
  readonly #inputs: readonly (TensorSpec & { readonly type: number })[];
  readonly #plans: readonly OutputPlan[];
  readonly #feeds: string;
  readonly #fetches: string;
  #session: number | null;

  constructor(
    deps: SessionFunctionDeps,
    name: string,
    fn: TensorFunction,
    inputs: readonly TensorSpec[],
    options: TraceOptions,
  ) {
    const { addon } = deps;
    const started = performance.now();
    const recording = record(addon, name, fn, inputs, options);
    const { nodes, plans } = planOutputs(addon.binding, recording.fetches, recording.outputs);
    const recorded = performance.now();
    this.name = name;
    this.outputs = recording.outputs;
    this.#deps = deps;
    this.#binding = addon.binding;
    this.#inputs = inputs.map((spec) => ({ ...spec, type: addon.getDTypeInteger(spec.dtype) }));
    this.#plans = plans;
    this.#feeds = [...recording.feeds, ...plans.flatMap(({ feed }) => feed ?? [])].join(',');
    this.#fetches = plans.map(({ fetch }) => fetch).join(',');
    const { session, bytes } = loadSession(addon.binding, name, [...recording.nodes, ...nodes]);
    this.#session = session;
    this.bytes = bytes;
    const loaded = performance.now();
    // The first run optimises the graph: it belongs to tracing.
    try {
      this.#compute(session, inputs.map(newData), []);
    } catch (error) {
      this.dispose();
      throw error;
    }
    const ran = performance.now();
    this.timing = { recordMs: recorded - started, loadMs: loaded - recorded, firstRunMs: ran - loaded };
    this.traceMs = ran - started;
  }

  async run(inputs: readonly Data[], into: readonly (Data | undefined)[] = []): Promise<Data[]> {
    if (this.#session === null) throw new TributaryError('INTERNAL', `${this.name} was run after it was disposed of.`);
    checkRun(this.name, { inputs: this.#inputs, outputs: this.outputs }, inputs, into);
    return this.#compute(this.#session, inputs, into).map((values, index) => {
      const own = into[index];
      if (values.data === own) return own;
      return values.lent && own === undefined ? values.data.slice() : deliver(values.data, own);
    });
  }

  /** Each output's elements; `lent` where they lie on memory that the next run reuses. */
  #compute(
    session: number,
    inputs: readonly Data[],
    into: readonly (Data | undefined)[],
  ): { readonly data: Data; readonly lent: boolean }[] {
    const binding = this.#binding;
    const places = placesOf(binding, this.#deps.scratch, this.#plans, inputs, into);
    const held: number[] = [];
    try {
      for (const [index, { shape, type }] of this.#inputs.entries()) {
        held.push(binding.createTensor([...shape], type, inputs[index] as Data));
      }
      for (const [index, { elements, type }] of this.#plans.entries()) {
        const place = places[index];
        if (place !== undefined) held.push(binding.createTensor([1, elements], type, place));
      }
      const results = binding.runSavedModel(session, [...held], this.#feeds, this.#fetches);
      for (const { id } of results) held.push(id);
      return results.map(({ id }, index) => {
        const place = places[index];
        if (place !== undefined) return { data: place, lent: true };
        // A copy of TensorFlow's memory.
        const data = binding.tensorDataSync(id) as Data;
        if (data.length === this.#plans[index]?.elements) return { data, lent: false };
        throw new TributaryError('INTERNAL', `Output ${index} of ${this.name} came with ${data.length} elements.`);
      });
    } finally {
      for (const id of held) binding.deleteTensor(id);
    }
  }

  dispose(): void {
    if (this.#session === null) return;
    this.#binding.deleteSavedModel(this.#session);
    this.#session = null;
    this.#deps.onDispose(this);
  }
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import type { Data, TensorFunction, TensorSpec, TracedFunction } from '../compute-backend.js';
import { checkRun, deliver, elementsOf, newData } from '../tensor-spec.js';
import type { Binding, NodeBackend } from './binding.js';
import { type Recording, record } from './record.js';
import { encodeSavedModel, servingTag } from './saved-model.js';

/** Loads a graph as a session of the addon, and gives its number. */
function loadSession(binding: Binding, name: string, { nodes }: Recording): number {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-graph-'));
  try {
    writeFileSync(join(directory, 'saved_model.pb'), encodeSavedModel(nodes, binding.TF_Version));
    return binding.loadSavedModel(directory, servingTag);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TributaryError(
      'TRACE_REFUSED',
      `${name} cannot be traced: TensorFlow does not take its graph (${reason}).`,
      {
        cause: error,
      },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A whole function as one graph in a session of its own: a run is one call into TensorFlow. */
export class SessionFunction implements TracedFunction {
  readonly name: string;
  readonly outputs: readonly TensorSpec[];
  readonly traceMs: number;
  /** Nodes of the graph as recorded. */
  readonly nodes: number;
  readonly #binding: Binding;
  readonly #inputs: readonly (TensorSpec & { readonly type: number })[];
  readonly #outputSizes: readonly number[];
  readonly #feeds: string;
  readonly #fetches: string;
  #session: number | null;

  constructor(addon: NodeBackend, name: string, fn: TensorFunction, inputs: readonly TensorSpec[]) {
    const started = performance.now();
    const recording = record(addon, name, fn, inputs);
    this.name = name;
    this.outputs = recording.outputs;
    this.nodes = recording.nodes.length;
    this.#binding = addon.binding;
    this.#inputs = inputs.map((spec) => ({ ...spec, type: addon.getDTypeInteger(spec.dtype) }));
    this.#outputSizes = recording.outputs.map(({ shape }) => elementsOf(shape));
    this.#feeds = recording.feeds.join(',');
    this.#fetches = recording.fetches.join(',');
    this.#session = loadSession(this.#binding, name, recording);
    // The first run optimises the graph: it belongs to tracing.
    this.#call(inputs.map(newData), []);
    this.traceMs = performance.now() - started;
  }

  async run(inputs: readonly Data[], into: readonly (Data | undefined)[] = []): Promise<Data[]> {
    return this.#call(inputs, into);
  }

  #call(inputs: readonly Data[], into: readonly (Data | undefined)[]): Data[] {
    if (this.#session === null) throw new TributaryError('INTERNAL', `${this.name} was run after it was disposed of.`);
    checkRun(this.name, { inputs: this.#inputs, outputs: this.outputs }, inputs, into);
    const binding = this.#binding;
    const held: number[] = [];
    try {
      for (const [index, { shape, type }] of this.#inputs.entries()) {
        held.push(binding.createTensor([...shape], type, inputs[index] as Data));
      }
      const results = binding.runSavedModel(this.#session, [...held], this.#feeds, this.#fetches);
      for (const { id } of results) held.push(id);
      return results.map(({ id }, index) => {
        // A copy of TensorFlow's memory.
        const values = binding.tensorDataSync(id) as Data;
        if (values.length === this.#outputSizes[index]) return deliver(values, into[index]);
        throw new TributaryError('INTERNAL', `Output ${index} of ${this.name} came with ${values.length} elements.`);
      });
    } finally {
      for (const id of held) binding.deleteTensor(id);
    }
  }

  dispose(): void {
    if (this.#session === null) return;
    this.#binding.deleteSavedModel(this.#session);
    this.#session = null;
  }
}

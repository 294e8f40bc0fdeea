import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import type {
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
  TraceTiming,
} from '../compute-backend.js';
import { checkRun, deliver, elementsOf, newData } from '../tensor-spec.js';
import type { Binding, NodeBackend } from './binding.js';
import { type Recording, record } from './record.js';
import { encodeSavedModel, servingTag } from './saved-model.js';

/** What a session holds for each byte of its graph's message; measured, see the package's README. */
const sessionBytesPerEncodedByte = 12;

/** Loads a graph as a session of the addon; gives the session's number and the size of the graph's message. */
function loadSession(binding: Binding, name: string, { nodes }: Recording): { session: number; encodedBytes: number } {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-graph-'));
  try {
    const encoded = encodeSavedModel(nodes, binding.TF_Version);
    writeFileSync(join(directory, 'saved_model.pb'), encoded);
    return { session: binding.loadSavedModel(directory, servingTag), encodedBytes: encoded.length };
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
  readonly timing: TraceTiming;
  readonly bytes: number;
  /** Nodes of the graph as recorded. */
  readonly nodes: number;
  readonly #binding: Binding;
  readonly #inputs: readonly (TensorSpec & { readonly type: number })[];
  readonly #outputSizes: readonly number[];
  readonly #feeds: string;
  readonly #fetches: string;
  readonly #onDispose: () => void;
  #session: number | null;

  constructor(
    addon: NodeBackend,
    name: string,
    fn: TensorFunction,
    inputs: readonly TensorSpec[],
    options: TraceOptions,
    onDispose: () => void,
  ) {
    this.#onDispose = onDispose;
    const started = performance.now();
    const recording = record(addon, name, fn, inputs, options);
    const recorded = performance.now();
    this.name = name;
    this.outputs = recording.outputs;
    this.nodes = recording.nodes.length;
    this.#binding = addon.binding;
    this.#inputs = inputs.map((spec) => ({ ...spec, type: addon.getDTypeInteger(spec.dtype) }));
    this.#outputSizes = recording.outputs.map(({ shape }) => elementsOf(shape));
    this.#feeds = recording.feeds.join(',');
    this.#fetches = recording.fetches.join(',');
    const { session, encodedBytes } = loadSession(this.#binding, name, recording);
    this.#session = session;
    this.bytes = encodedBytes * sessionBytesPerEncodedByte;
    const loaded = performance.now();
    // The first run optimises the graph: it belongs to tracing.
    try {
      this.#call(inputs.map(newData), []);
    } catch (error) {
      this.dispose();
      throw error;
    }
    const ran = performance.now();
    this.timing = { recordMs: recorded - started, loadMs: loaded - recorded, firstRunMs: ran - loaded };
    this.traceMs = ran - started;
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
    this.#onDispose();
  }
}

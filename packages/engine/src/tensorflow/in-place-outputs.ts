import { alignmentBytes, allocateVectors } from '../aligned-vectors.js';
import type { Data, TensorSpec } from '../compute-backend.js';
import { elementsOf } from '../tensor-spec.js';
import type { Binding } from './binding.js';
import { type NodeProto, shapeProto } from './saved-model.js';
import { loadSession } from './session.js';

/**
 * The addon reads a result by allocating an array of its size and copying into it, and the caller copies again. A graph
 * can write where the caller wants it instead: TensorFlow wraps aligned memory that is fed as a tensor, and
 * `InplaceUpdate` overwrites the tensor it is given. Outputs below this many elements are not worth it.
 */
const fewestElements = 16_384;

/** What the graph feeds and fetches for one output. */
export interface OutputPlan extends TensorSpec {
  readonly elements: number;
  readonly type: number;
  readonly fetch: string;
  /** The placeholder of the memory to write to; null: the output is fetched and read. */
  readonly feed: string | null;
}

/** Adds, for each large output, a node that writes it into memory that is fed. */
export function planOutputs(
  binding: Binding,
  fetches: readonly string[],
  outputs: readonly TensorSpec[],
): { readonly nodes: readonly NodeProto[]; readonly plans: readonly OutputPlan[] } {
  const nodes: NodeProto[] = [];
  const inPlace = writesInPlace(binding);
  const plans = outputs.map((spec, index): OutputPlan => {
    const fetch = fetches[index] as string;
    const elements = elementsOf(spec.shape);
    const type = spec.dtype === 'float32' ? binding.TF_FLOAT : binding.TF_INT32;
    if (!inPlace || elements < fewestElements) return { ...spec, elements, type, fetch, feed: null };
    const feed = `into${index}`;
    nodes.push(...writeNodes(binding, { feed, value: fetch, elements, type }));
    return { ...spec, elements, type, fetch: `${feed}_written`, feed };
  });
  return { nodes, plans };
}

interface Write {
  readonly feed: string;
  readonly value: string;
  readonly elements: number;
  readonly type: number;
}

/** `InplaceUpdate` replaces rows: memory and value are seen as one row. */
function writeNodes({ TF_INT32: int32 }: Binding, { feed, value, elements, type }: Write): NodeProto[] {
  const row = shapeProto([1, elements]);
  const ints = (name: string, values: readonly number[]): NodeProto => {
    const content = new Uint8Array(Int32Array.from(values).buffer);
    const tensor = { dtype: int32, tensor_shape: shapeProto([values.length]), tensor_content: content };
    return { name, op: 'Const', input: [], attr: { dtype: { type: int32 }, value: { tensor } } };
  };
  return [
    { name: feed, op: 'Placeholder', input: [], attr: { dtype: { type }, shape: { shape: row } } },
    ints(`${feed}_shape`, [1, elements]),
    ints(`${feed}_row`, [0]),
    {
      name: `${feed}_value`,
      op: 'Reshape',
      input: [value, `${feed}_shape`],
      attr: { T: { type }, Tshape: { type: int32 } },
    },
    {
      name: `${feed}_written`,
      op: 'InplaceUpdate',
      input: [feed, `${feed}_row`, `${feed}_value`],
      attr: { T: { type } },
    },
  ];
}

const known = new WeakMap<Binding, boolean>();

/** Tries once whether this library and device write in place: a GPU, for one, would write to its own memory. */
function writesInPlace(binding: Binding): boolean {
  const answer = known.get(binding) ?? tryInPlace(binding);
  known.set(binding, answer);
  return answer;
}

function tryInPlace(binding: Binding): boolean {
  const type = binding.TF_FLOAT;
  const elements = alignmentBytes;
  const [from, to] = allocateVectors([elements, elements]) as [Float32Array, Float32Array];
  if (!isWrapped(binding, to)) return false;
  from.fill(1);
  const shape = { shape: shapeProto([elements]) };
  const input: NodeProto = { name: 'x', op: 'Placeholder', input: [], attr: { dtype: { type }, shape } };
  const nodes = [input, ...writeNodes(binding, { feed: 'into', value: 'x', elements, type })];
  const { session } = loadSession(binding, 'writing in place', nodes);
  const held: number[] = [];
  try {
    held.push(binding.createTensor([elements], type, from), binding.createTensor([1, elements], type, to));
    held.push(...binding.runSavedModel(session, [...held], 'x,into', 'into_written').map(({ id }) => id));
    return to.every((value) => value === 1);
  } finally {
    for (const id of held) binding.deleteTensor(id);
    binding.deleteSavedModel(session);
  }
}

/** Whether the addon wraps memory rather than copying it, by the place modulo the alignment at which a view begins. */
const wrapped = new WeakMap<ArrayBufferLike, Map<number, boolean>>();

/** Whether a tensor made of `data` shares its memory. Overwrites one element for a moment: only for memory to be written. */
function isWrapped(binding: Binding, data: Data): boolean {
  const place = data.byteOffset % alignmentBytes;
  const places = wrapped.get(data.buffer) ?? new Map<number, boolean>();
  wrapped.set(data.buffer, places);
  let answer = places.get(place);
  if (answer === undefined) {
    const one = data.subarray(0, 1);
    const before = one[0] as number;
    one[0] = 1;
    const id = binding.createTensor([1], data instanceof Float32Array ? binding.TF_FLOAT : binding.TF_INT32, one);
    one[0] = 2;
    answer = binding.tensorDataSync(id)[0] === 2;
    binding.deleteTensor(id);
    one[0] = before;
    places.set(place, answer);
  }
  return answer;
}

const overlap = (a: Data, b: Data): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;

/** Memory for outputs that the caller's own cannot take. Kept while the garbage collector lets it. */
export class Scratch {
  #last: WeakRef<Float32Array> | undefined;

  /** One after the other in aligned memory. */
  take(plans: readonly OutputPlan[]): Data[] {
    const padded = plans.map(({ elements }) => Math.ceil(elements / 16) * 16);
    const total = padded.reduce((sum, elements) => sum + elements, 0);
    let memory = this.#last?.deref();
    if (memory === undefined || memory.length < total) {
      [memory] = allocateVectors([total]) as [Float32Array];
      this.#last = new WeakRef(memory);
    }
    const { buffer, byteOffset } = memory;
    let offset = byteOffset;
    return plans.map(({ dtype, elements }, index) => {
      const start = offset;
      offset += 4 * (padded[index] as number);
      return dtype === 'float32' ? new Float32Array(buffer, start, elements) : new Int32Array(buffer, start, elements);
    });
  }
}

/**
 * Where the graph writes each output with a `feed`: the caller's own memory where that is possible, so that nothing is
 * copied, else scratch. Memory that an input lies on is not possible: the graph may write before it has read all.
 */
export function placesOf(
  binding: Binding,
  scratch: Scratch,
  plans: readonly OutputPlan[],
  inputs: readonly Data[],
  into: readonly (Data | undefined)[],
): (Data | undefined)[] {
  const places = plans.map(({ feed }, index) => {
    const own = into[index];
    if (feed === null || own === undefined || !isWrapped(binding, own)) return undefined;
    const others = into.slice(0, index).filter((other) => other !== undefined);
    return [...inputs, ...others].some((other) => overlap(own, other)) ? undefined : own;
  });
  const missing = plans.flatMap(({ feed }, index) => (feed !== null && places[index] === undefined ? [index] : []));
  if (missing.length > 0) {
    const taken = scratch.take(missing.map((index) => plans[index] as OutputPlan));
    missing.forEach((index, order) => {
      places[index] = taken[order];
    });
  }
  return places;
}

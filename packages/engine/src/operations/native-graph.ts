import type { Binding, NodeBackend, OpAttribute, TensorMetadata } from '../tensorflow/binding.js';
import { type Tensor, tf } from '../tensorflow-js.js';

/** TensorFlow's numbers for element types that TensorFlow.js does not have. */
export const nativeTypes = { int16: 5, bfloat16: 14, uint64: 23 } as const;

/** One value while native operations run: a tensor of the binding, of any TensorFlow type. */
export interface NativeValue extends TensorMetadata {}

type Attributes = Readonly<Record<string, OpAttribute>>;

/**
 * Runs TensorFlow operations that TensorFlow.js has no kernel for. It works on a backend of the addon alone, executing
 * (op by op) or recording (a node of the graph being traced). Every attribute is stated: a graph infers none.
 */
export class NativeGraph {
  readonly #backend: NodeBackend;
  readonly #held = new Map<number, NativeValue>();

  constructor(backend: NodeBackend) {
    this.#backend = backend;
  }

  get binding(): Binding {
    return this.#backend.binding;
  }

  /** The value of a tensor of TensorFlow.js. */
  of(tensor: Tensor): NativeValue {
    const [id] = this.#backend.getInputTensorIds([tensor]);
    return { id: id as number, shape: [...tensor.shape], dtype: this.#backend.getDTypeInteger(tensor.dtype) };
  }

  int32(shape: readonly number[], values: readonly number[]): NativeValue {
    const dtype = this.binding.TF_INT32;
    return this.#hold({
      id: this.binding.createTensor([...shape], dtype, Int32Array.from(values)),
      shape: [...shape],
      dtype,
    });
  }

  float32(value: number): NativeValue {
    const dtype = this.binding.TF_FLOAT;
    return this.#hold({ id: this.binding.createTensor([], dtype, Float32Array.of(value)), shape: [], dtype });
  }

  type(name: string, value: number): Attributes {
    return { [name]: { name, type: this.binding.TF_ATTR_TYPE, value } };
  }

  integer(name: string, value: number): Attributes {
    return { [name]: { name, type: this.binding.TF_ATTR_INT, value } };
  }

  boolean(name: string, value: boolean): Attributes {
    return { [name]: { name, type: this.binding.TF_ATTR_BOOL, value } };
  }

  /** An operation with any number of outputs. */
  all(op: string, inputs: readonly NativeValue[], attributes: Attributes, outputs: number): NativeValue[] {
    const ids = inputs.map(({ id }) => id);
    return this.binding.executeOp(op, Object.values(attributes), ids, outputs).map((value) => this.#hold(value));
  }

  /** An operation with one output. */
  one(op: string, inputs: readonly NativeValue[], attributes: Attributes): NativeValue {
    return this.all(op, inputs, attributes, 1)[0] as NativeValue;
  }

  /** An operation whose one type attribute `T` is the type of its first input. */
  plain(op: string, ...inputs: readonly NativeValue[]): NativeValue {
    return this.one(op, inputs, this.type('T', (inputs[0] as NativeValue).dtype));
  }

  cast(value: NativeValue, to: number): NativeValue {
    return this.one('Cast', [value], {
      ...this.type('SrcT', value.dtype),
      ...this.type('DstT', to),
      ...this.boolean('Truncate', false),
    });
  }

  /** The same bytes as elements of another type. */
  bitcast(value: NativeValue, to: number): NativeValue {
    return this.one('Bitcast', [value], { ...this.type('T', value.dtype), ...this.type('type', to) });
  }

  reshape(value: NativeValue, shape: readonly number[]): NativeValue {
    return this.one('Reshape', [value, this.int32([shape.length], shape)], {
      ...this.type('T', value.dtype),
      ...this.type('Tshape', this.binding.TF_INT32),
    });
  }

  /** Joins values along an axis. */
  concat(values: readonly NativeValue[], axis: number): NativeValue {
    return this.one('ConcatV2', [...values, this.int32([], [axis])], {
      ...this.integer('N', values.length),
      ...this.type('T', (values[0] as NativeValue).dtype),
      ...this.type('Tidx', this.binding.TF_INT32),
    });
  }

  /** A float32 or int32 value as a tensor of TensorFlow.js, which owns it from now on. */
  tensor(value: NativeValue): Tensor {
    const dtype = value.dtype === this.binding.TF_FLOAT ? 'float32' : 'int32';
    const { id, shape } = value;
    this.#held.delete(id);
    const dataId = {};
    this.#backend.tensorMap.set(dataId, { id, shape, dtype: value.dtype, values: null, refCount: 1 });
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, this.#backend) as Tensor;
  }

  #hold<T extends NativeValue>(value: T): T {
    this.#held.set(value.id, value);
    return value;
  }

  /** Frees every value that did not become a tensor. */
  release(): void {
    for (const id of this.#held.keys()) this.binding.deleteTensor(id);
    this.#held.clear();
  }
}

/** The backend in use, if it is one of the addon. */
function addonBackend(): NodeBackend | null {
  const backend = tf.backend() as unknown as Partial<NodeBackend>;
  return backend.binding === undefined ? null : (backend as NodeBackend);
}

/**
 * The one place that chooses an operation's implementation: `native` on TensorFlow (traced or op by op), `composed`
 * elsewhere. Both run in a scope that carries the operation's name, as those of TensorFlow.js do, and that frees
 * everything but what is returned.
 */
export function operation<T extends Tensor | Record<string, Tensor>>(
  name: string,
  native: (graph: NativeGraph) => T,
  composed: () => T,
): T {
  return tf.tidy(`operations.${name}__op`, () => {
    const backend = addonBackend();
    if (backend === null) return composed();
    const graph = new NativeGraph(backend);
    try {
      return native(graph);
    } finally {
      graph.release();
    }
  });
}

import type { DataId, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorSpec, TraceOptions } from '../compute-backend.js';
import { newData } from '../tensor-spec.js';
import { tf } from '../tensorflow-js.js';
import { refuse } from '../tracing/refusal.js';
import { constantLimit } from '../tracing/trace-rules.js';
import { Bfloat16Products } from './bfloat16-products.js';
import type { Binding, NodeBackend, NodeBackendClass, TensorRecord } from './binding.js';
import { attributeProto, Graph, inferTypes, isUniform } from './graph.js';

/**
 * TensorFlow operations that draw random numbers by a state of their own, or by seeds that a graph would freeze. The one
 * left out is what `randomMask` is made of: its key and counter are inputs.
 */
const randomOperations =
  /^(Multinomial|Random|TruncatedNormal|Stateless(?!RandomUniformFullIntV2$)|ParameterizedTruncated)/;

/** TensorFlow operations whose output has a shape that the values of their inputs decide. */
const shapedByData = /^(Unique|Where$|NonMaxSuppression|ListDiff|Ragged)/;

/** A tfjs backend that computes with the addon, as the `tensorflow` one does, and writes down each operation. */
export interface RecordingBackend extends NodeBackend {
  readonly graph: Graph;
  /** Of the matrix products. */
  readonly precision: 'float32' | 'bf16';
  /** A tensor whose values are fed at every run, and zeros while recording. */
  feed(name: string, spec: TensorSpec): Tensor;
  /** The graph's name of a tensor's value. */
  nodeOf(tensor: Tensor): string;
  /** Frees all tensors of the recording. */
  release(): void;
}

interface Known {
  readonly node: string;
  readonly dtype: number;
}

/** What the recorder knows of each tensor of the binding that was made during the recording. */
class RecordedTensors {
  readonly #known = new Map<number, Known>();
  readonly alive = new Set<number>();

  add(id: number, known: Known): void {
    this.#known.set(id, known);
    this.alive.add(id);
  }

  get(id: number): Known {
    const known = this.#known.get(id);
    if (known === undefined) throw new Error(`tensor ${id} was not made during the recording`);
    return known;
  }
}

function recordingBinding(
  name: string,
  { precision }: TraceOptions,
  binding: Binding,
  graph: Graph,
  tensors: RecordedTensors,
): Binding {
  const bfloat16 = precision === 'bf16' ? new Bfloat16Products(graph, binding.TF_FLOAT) : undefined;
  const recorder: Partial<Binding> = {
    createTensor(shape, dtype, data) {
      if (!ArrayBuffer.isView(data)) throw refuse(name, undefined, 'uses text', 'encode it as numbers outside');
      if (data.length > constantLimit && !isUniform(data)) {
        const why = `meets a constant of ${data.length} elements (shape [${shape.join(',')}]), whose values would be frozen`;
        throw refuse(name, undefined, why, 'pass it as an input');
      }
      const id = binding.createTensor(shape, dtype, data);
      tensors.add(id, { node: graph.constant(dtype, shape, data), dtype });
      return id;
    },
    deleteTensor(id) {
      tensors.alive.delete(id);
      binding.deleteTensor(id);
    },
    executeOp(op, attributes, inputIds, outputCount) {
      if (randomOperations.test(op)) {
        throw refuse(name, undefined, 'draws random numbers', 'draw them outside and pass them as an input');
      }
      if (shapedByData.test(op)) {
        const why = 'gives a tensor whose shape depends on values, which a graph of fixed shapes cannot hold';
        throw refuse(name, undefined, why, 'use a mask instead');
      }
      const outputs = binding.executeOp(op, attributes, inputIds, outputCount);
      const inputs = inputIds.map((id) => tensors.get(id));
      const types = inputs.map(({ dtype }) => dtype);
      const stated = attributes.map((attribute) => {
        const proto = attributeProto(binding, attribute);
        if (proto !== undefined) return [attribute.name, proto];
        const why = `gives ${op} an attribute "${attribute.name}" of a kind that a graph cannot state`;
        throw refuse(name, undefined, why, 'express it by other operations');
      });
      const nodes = inputs.map((input) => input.node);
      const attr = { ...inferTypes(op, types), ...Object.fromEntries(stated) };
      // What is computed while recording stays float32: only the graph is kept.
      const node = bfloat16?.takes(op, types) ? bfloat16.add(op, nodes, attr) : graph.add(op, nodes, attr);
      outputs.forEach(({ id, dtype }, index) => {
        tensors.add(id, { node: index === 0 ? node : `${node}:${index}`, dtype });
      });
      return outputs;
    },
  };
  // The binding's own properties are read-only, so the recorder is a copy of it with three functions replaced.
  const copy = Object.fromEntries(
    Object.getOwnPropertyNames(binding).map((key) => [key, binding[key as keyof Binding]]),
  ) as unknown as Binding;
  return Object.assign(copy, recorder);
}

export function createRecordingBackend(name: string, addon: NodeBackend, options: TraceOptions): RecordingBackend {
  const graph = new Graph(addon.binding);
  const tensors = new RecordedTensors();
  const recorder = recordingBinding(name, options, addon.binding, graph, tensors);

  /** Refuses tensors of other backends, which tfjs would move here, values and all. */
  class OwnTensors extends tf.DataStorage<TensorRecord> {
    override get(dataId: DataId): TensorRecord {
      if (this.has(dataId)) return super.get(dataId);
      const { state } = tf.engine() as unknown as { state: { tensorInfo: WeakMap<DataId, TensorInfo> } };
      const info = state.tensorInfo.get(dataId);
      const which =
        info === undefined ? 'a disposed tensor' : `a ${info.dtype} tensor of shape [${info.shape.join(',')}]`;
      throw refuse(
        name,
        undefined,
        `uses ${which} made outside of it, whose values would be frozen`,
        'pass it as an input',
      );
    }
  }

  class Recording extends (addon.constructor as NodeBackendClass) implements RecordingBackend {
    readonly graph = graph;
    readonly precision = options.precision ?? 'float32';

    constructor() {
      super(recorder, 'recording');
      this.tensorMap = new OwnTensors(this, tf.engine() as never);
    }

    feed(feedName: string, spec: TensorSpec): Tensor {
      const shape = [...spec.shape];
      const dtype = this.getDTypeInteger(spec.dtype);
      const id = addon.binding.createTensor(shape, dtype, newData(spec));
      tensors.add(id, { node: graph.placeholder(feedName, dtype, shape), dtype });
      const dataId: DataId = {};
      this.tensorMap.set(dataId, { shape, dtype, id, values: null, refCount: 1 });
      return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: spec.dtype }, this);
    }

    nodeOf(tensor: Tensor): string {
      const [id] = this.getInputTensorIds([tensor]);
      return tensors.get(id as number).node;
    }

    override readSync(dataId: DataId): Float32Array | Int32Array | Uint8Array {
      // A constant that no operation has seen yet: its values are those of every run.
      const { values } = this.tensorMap.get(dataId);
      if (values !== null) return values;
      throw refuse(
        name,
        undefined,
        'reads the values of a tensor while the graph is being built',
        'use operations on the tensor instead',
      );
    }

    release(): void {
      for (const id of tensors.alive) addon.binding.deleteTensor(id);
      tensors.alive.clear();
    }
  }
  return new Recording();
}

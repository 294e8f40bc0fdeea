import type { Binding, OpAttribute } from './binding.js';
import { type AttributeProto, type NodeProto, shapeProto, type TensorProto } from './saved-model.js';

type Values = Float32Array | Int32Array | Uint8Array;

/** Constants up to this size are written once, however often the function makes them. */
const sharedConstantBytes = 64;

/** A GraphDef under construction. Names are the caller's way to refer to a node's first output. */
export class Graph {
  readonly nodes: NodeProto[] = [];
  readonly #binding: Binding;
  readonly #constants = new Map<string, string>();

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  add(op: string, input: readonly string[], attr: Readonly<Record<string, AttributeProto>>, name?: string): string {
    const node = { name: name ?? `${op}_${this.nodes.length}`, op, input, attr };
    this.nodes.push(node);
    return node.name;
  }

  placeholder(name: string, dtype: number, shape: readonly number[]): string {
    return this.add('Placeholder', [], { dtype: { type: dtype }, shape: { shape: shapeProto(shape) } }, name);
  }

  /** A constant; the values are copied. */
  constant(dtype: number, shape: readonly number[], values: Values): string {
    const bytes = Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    const key = bytes.length <= sharedConstantBytes ? `${dtype}/${shape.join('x')}/${bytes.join(',')}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const tensor: TensorProto = isUniform(values)
      ? { dtype, tensor_shape: shapeProto(shape), ...this.#repeated(dtype, values[0] as number) }
      : { dtype, tensor_shape: shapeProto(shape), tensor_content: bytes };
    const name = this.add('Const', [], { dtype: { type: dtype }, value: { tensor } });
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  #repeated(dtype: number, value: number): Partial<TensorProto> {
    if (dtype === this.#binding.TF_FLOAT) return { float_val: [value] };
    if (dtype === this.#binding.TF_INT32) return { int_val: [value] };
    return { bool_val: [value !== 0] };
  }
}

/** Whether every element is the same to the bit; such a constant takes one value in the graph. */
export function isUniform(values: Values): boolean {
  if (values.length === 0) return false;
  const first = values[0] as number;
  return values.every((value) => Object.is(value, first));
}

/** An attribute as a GraphDef states it; undefined for a kind that it cannot. */
export function attributeProto(binding: Binding, { type, value }: OpAttribute): AttributeProto | undefined {
  const list = Array.isArray(value);
  switch (type) {
    case binding.TF_ATTR_STRING:
      return { s: Buffer.from(value as string) };
    case binding.TF_ATTR_INT:
      return list ? { list: { i: value } } : { i: value as number };
    case binding.TF_ATTR_FLOAT:
      return list ? { list: { f: value } } : { f: value as number };
    case binding.TF_ATTR_BOOL:
      return list ? { list: { b: value } } : { b: value as boolean };
    case binding.TF_ATTR_TYPE:
      return { type: value as number };
    case binding.TF_ATTR_SHAPE:
      return { shape: shapeProto(value as number[]) };
    default:
      return undefined;
  }
}

/**
 * Type attributes that tfjs leaves for eager execution to infer and a GraphDef must state: attribute -> index of the
 * input whose type it is. The other operations' kernels state all of theirs; a graph that lacks one fails to load.
 */
const inferredTypes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
};

export function inferTypes(op: string, inputTypes: readonly number[]): Record<string, AttributeProto> {
  const entries = Object.entries(inferredTypes[op] ?? {});
  return Object.fromEntries(entries.map(([name, index]) => [name, { type: inputTypes[index] as number }]));
}

import type { Graph } from './graph.js';
import type { AttributeProto } from './saved-model.js';

/** TensorFlow's number of bfloat16, which TensorFlow.js does not have. */
export const bfloat16 = 14;

const products = new Set(['MatMul', 'BatchMatMulV2']);

/**
 * Writes matrix products of float32 operands as products of bfloat16 ones with a float32 result. An operand is cast
 * once, however many products it enters.
 */
export class Bfloat16Products {
  readonly #graph: Graph;
  readonly #float32: number;
  readonly #casts = new Map<string, string>();

  constructor(graph: Graph, float32: number) {
    this.#graph = graph;
    this.#float32 = float32;
  }

  takes(op: string, inputTypes: readonly number[]): boolean {
    return products.has(op) && inputTypes.every((type) => type === this.#float32);
  }

  /** The node of the product's float32 result. */
  add(op: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeProto>>): string {
    const operands = inputs.map((input) => this.#rounded(input));
    const product = this.#graph.add(op, operands, { ...attributes, T: { type: bfloat16 } });
    return this.#cast(product, bfloat16, this.#float32);
  }

  #rounded(node: string): string {
    const known = this.#casts.get(node);
    if (known !== undefined) return known;
    const cast = this.#cast(node, this.#float32, bfloat16);
    this.#casts.set(node, cast);
    return cast;
  }

  #cast(node: string, from: number, to: number): string {
    return this.#graph.add('Cast', [node], { SrcT: { type: from }, DstT: { type: to }, Truncate: { b: false } });
  }
}

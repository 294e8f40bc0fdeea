import { randomStream } from '@tributary/random';
import type { Data, TensorFunction, TensorSpec } from '../compute-backend.js';
import { elementsOf } from '../tensor-spec.js';
import { type Tensor, tf } from '../tensorflow-js.js';

/** An input of a case: its spec, and the half-open range of its random values (-1..1 unless given). */
export interface InputCase extends TensorSpec {
  readonly low?: number;
  readonly high?: number;
}

/** One operation as models use it. */
export interface OperationCase {
  readonly name: string;
  readonly inputs: readonly InputCase[];
  readonly fn: TensorFunction;
  /** Whether its gradient by the float inputs is compared too. */
  readonly differentiable: boolean;
}

export const float = (shape: readonly number[], low?: number, high?: number): InputCase => ({
  shape,
  dtype: 'float32',
  low,
  high,
});
export const int = (shape: readonly number[], high: number, low = 0): InputCase => ({
  shape,
  dtype: 'int32',
  low,
  high,
});

/** Random values of a case's inputs; the same at every call. */
export function drawInputs(name: string, inputs: readonly InputCase[]): Data[] {
  return inputs.map(({ shape, dtype, low = -1, high = 1 }, index) => {
    const stream = randomStream(11, name, String(index));
    const length = elementsOf(shape);
    if (dtype === 'int32') return Int32Array.from({ length }, () => low + stream.below(high - low));
    return Float32Array.from({ length }, () => low + stream.uniform() * (high - low));
  });
}

/**
 * The gradients of Σ wᵢ · outputᵢ by the float inputs, with weights that differ from element to element so that no
 * error in the order of elements hides.
 */
export function gradientOf(operation: OperationCase): TensorFunction {
  return (inputs) => {
    const floats = inputs.filter(({ dtype }) => dtype === 'float32');
    const weighted = (...values: Tensor[]): Tensor => {
      let next = 0;
      const all = inputs.map((input) => (input.dtype === 'float32' ? (values[next++] as Tensor) : input));
      const terms = operation.fn(all).map((output) => {
        const weights = tf.add(tf.range(0, output.size), 1);
        return tf.sum(tf.mul(tf.reshape(output, [output.size]), tf.div(weights, output.size)));
      });
      return terms.length === 1 ? (terms[0] as Tensor) : tf.addN(terms);
    };
    return tf.grads(weighted)(floats);
  };
}

type One = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const operation = (name: string, inputs: readonly InputCase[], fn: One, differentiable: boolean): OperationCase => ({
  name,
  inputs,
  differentiable,
  fn: (tensors) => {
    const result = fn(...tensors);
    return Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
  },
});

/** An operation whose gradient is checked too. */
export const smooth = (name: string, inputs: readonly InputCase[], fn: One): OperationCase =>
  operation(name, inputs, fn, true);

/** An operation without a gradient, or without one in TensorFlow.js. */
export const forward = (name: string, inputs: readonly InputCase[], fn: One): OperationCase =>
  operation(name, inputs, fn, false);

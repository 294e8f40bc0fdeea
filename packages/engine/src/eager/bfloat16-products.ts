import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorFunction, TraceOptions } from '../compute-backend.js';

let rounding = false;

/** The function, with the operands of every matrix product rounded to bfloat16 where the trace asks for it. */
export function inPrecision(fn: TensorFunction, precision: TraceOptions['precision']): TensorFunction {
  if (precision !== 'bf16') return fn;
  return (inputs) => {
    const before = rounding;
    rounding = true;
    try {
      return fn(inputs);
    } finally {
      rounding = before;
    }
  };
}

/**
 * A kernel of a matrix product that rounds its operands while a function asks for it; its sums stay in float32.
 *
 * @param round makes the rounded tensor on the backend
 * @param free disposes of one
 */
export const roundedOperands =
  (
    original: KernelFunc,
    round: (backend: unknown, x: TensorInfo) => TensorInfo,
    free: (backend: unknown, x: TensorInfo) => void,
  ): KernelFunc =>
  (call) => {
    if (!rounding) return original(call);
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const rounded = { a: round(call.backend, a), b: round(call.backend, b) };
    const product = original({ ...call, inputs: { ...call.inputs, ...rounded } });
    free(call.backend, rounded.a);
    free(call.backend, rounded.b);
    return product;
  };

/** Each number's nearest bfloat16 (the even one of two that are as near), as float32. */
export function toBfloat16(values: Float32Array): Float32Array {
  const rounded = new Float32Array(values);
  const bits = new Uint32Array(rounded.buffer);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    // NaN stays as it is: rounding could carry its payload away.
    if ((word & 0x7fffffff) > 0x7f800000) continue;
    bits[i] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  }
  return rounded;
}

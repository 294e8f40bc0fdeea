import { add, type ElementwiseKernel, multiply } from '../kernels/expression.js';
import { VectorKernels } from '../kernels/vector-kernels.js';

/** weight · gradient */
export const scaledKernel: ElementwiseKernel<'gradient', 'weight', 'sum'> = {
  name: 'scaled',
  inputs: ['gradient'],
  scalars: ['weight'],
  outputs: ['sum'],
  arithmetic: ({ gradient, weight }) => ({ sum: multiply(weight, gradient) }),
  reference({ gradient }, { weight }, { sum }) {
    for (let i = 0; i < gradient.length; i++) sum[i] = Math.fround(weight * (gradient[i] as number));
  },
};

/** sum + weight · gradient */
export const accumulateKernel: ElementwiseKernel<'sum' | 'gradient', 'weight', 'sum'> = {
  name: 'accumulate',
  inputs: ['sum', 'gradient'],
  scalars: ['weight'],
  outputs: ['sum'],
  arithmetic: ({ sum, gradient, weight }) => ({ sum: add(sum, multiply(weight, gradient)) }),
  reference({ sum, gradient }, { weight }, next) {
    const { fround } = Math;
    for (let i = 0; i < gradient.length; i++) {
      next.sum[i] = fround((sum[i] as number) + fround(weight * (gradient[i] as number)));
    }
  },
};

export const sumKernels = [scaledKernel, accumulateKernel];

/**
 * The gradient of a batch from those of its microbatches. Sums are float32, in the order of the calls: the same bits on
 * every backend and host.
 */
export interface GradientSum {
  /** Zeroed vectors of these lengths on shared memory, where sums are fastest; a sum and what it adds, next to each other. */
  allocate(lengths: readonly number[]): Float32Array<SharedArrayBuffer>[];
  /**
   * Adds a microbatch to a sum: sum ← weight · gradient for the first, sum ← sum + weight · gradient for the others.
   * @param weight share of the microbatch in the batch: its target tokens over those of the whole batch, where both
   *   gradients are means over target tokens
   */
  accumulate(sum: Float32Array, gradient: Float32Array, weight: number, first: boolean): void;
}

/** @param way `javascript` computes without WebAssembly: the same bits, slower */
export function createGradientSum(way: 'auto' | 'javascript' = 'auto'): GradientSum {
  const kernels = new VectorKernels(sumKernels, way);
  return {
    allocate: (lengths) => kernels.allocate(lengths),
    accumulate(sum, gradient, weight, first) {
      if (first) kernels.run(scaledKernel, { weight }, { gradient }, { sum });
      else kernels.run(accumulateKernel, { weight }, { sum, gradient }, { sum });
    },
  };
}

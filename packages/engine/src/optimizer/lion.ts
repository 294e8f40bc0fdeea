import { add, type ElementwiseKernel, multiply, sign, subtract } from '../kernels/expression.js';

/** Lion (Chen 2023, algorithm 2): every weight moves by `rate`, by the sign of β₁ · m + (1 - β₁) · g. */
export const lionKernel: ElementwiseKernel<
  'parameter' | 'gradient' | 'momentum',
  'beta1' | 'rest1' | 'beta2' | 'rest2' | 'rate' | 'keep',
  'parameter' | 'momentum'
> = {
  name: 'lion',
  inputs: ['parameter', 'gradient', 'momentum'],
  scalars: ['beta1', 'rest1', 'beta2', 'rest2', 'rate', 'keep'],
  outputs: ['parameter', 'momentum'],
  arithmetic({ parameter, gradient, momentum, beta1, rest1, beta2, rest2, rate, keep }) {
    const direction = sign(add(multiply(beta1, momentum), multiply(rest1, gradient)));
    return {
      parameter: subtract(multiply(parameter, keep), multiply(rate, direction)),
      momentum: add(multiply(beta2, momentum), multiply(rest2, gradient)),
    };
  },
  reference({ parameter, gradient, momentum }, { beta1, rest1, beta2, rest2, rate, keep }, next) {
    const { fround } = Math;
    for (let i = 0; i < parameter.length; i++) {
      const g = gradient[i] as number;
      const m = momentum[i] as number;
      const lean = fround(fround(beta1 * m) + fround(rest1 * g));
      const direction = (lean > 0 ? 1 : 0) - (lean < 0 ? 1 : 0);
      next.parameter[i] = fround(fround((parameter[i] as number) * keep) - fround(rate * direction));
      next.momentum[i] = fround(fround(beta2 * m) + fround(rest2 * g));
    }
  },
};

/** The scalars of {@link lionKernel}, computed in float64. */
export function lionScalars(
  learningRate: number,
  { beta1, beta2, weightDecay }: { readonly beta1: number; readonly beta2: number; readonly weightDecay: number },
) {
  const keep = 1 - learningRate * weightDecay;
  return { beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, rate: learningRate, keep };
}

import { add, divide, type ElementwiseKernel, multiply, squareRoot, subtract } from '../kernels/expression.js';

export interface AdamCoefficients {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** `base` to a whole power by multiplications alone; `Math.pow` may differ between JavaScript engines. */
export function wholePower(base: number, exponent: number): number {
  let result = 1;
  for (let factor = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2), factor *= factor) {
    if (rest % 2 === 1) result *= factor;
  }
  return result;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1); `keep` below 1 is decoupled weight decay (Loshchilov and Hutter 2019, algorithm
 * 2), and `keep` of 1 is none, exactly.
 */
export const adamKernel: ElementwiseKernel<
  'parameter' | 'gradient' | 'm' | 'v',
  'beta1' | 'rest1' | 'beta2' | 'rest2' | 'rate' | 'scale' | 'epsilon' | 'keep',
  'parameter' | 'm' | 'v'
> = {
  name: 'adam',
  inputs: ['parameter', 'gradient', 'm', 'v'],
  scalars: ['beta1', 'rest1', 'beta2', 'rest2', 'rate', 'scale', 'epsilon', 'keep'],
  outputs: ['parameter', 'm', 'v'],
  arithmetic({ parameter, gradient, m, v, beta1, rest1, beta2, rest2, rate, scale, epsilon, keep }) {
    const nextM = add(multiply(beta1, m), multiply(rest1, gradient));
    const nextV = add(multiply(beta2, v), multiply(rest2, multiply(gradient, gradient)));
    const divisor = add(multiply(squareRoot(nextV), scale), epsilon);
    const change = divide(multiply(rate, nextM), divisor);
    return { parameter: subtract(multiply(parameter, keep), change), m: nextM, v: nextV };
  },
  reference({ parameter, gradient, m, v }, { beta1, rest1, beta2, rest2, rate, scale, epsilon, keep }, next) {
    const { fround, sqrt } = Math;
    for (let i = 0; i < parameter.length; i++) {
      const g = gradient[i] as number;
      const nextM = fround(fround(beta1 * (m[i] as number)) + fround(rest1 * g));
      const nextV = fround(fround(beta2 * (v[i] as number)) + fround(rest2 * fround(g * g)));
      const divisor = fround(fround(fround(sqrt(nextV)) * scale) + epsilon);
      const change = fround(fround(rate * nextM) / divisor);
      next.parameter[i] = fround(fround((parameter[i] as number) * keep) - change);
      next.m[i] = nextM;
      next.v[i] = nextV;
    }
  },
};

/** The scalars of {@link adamKernel} for the update after `updates` others, computed in float64. */
export function adamScalars(
  updates: number,
  learningRate: number,
  { beta1, beta2, epsilon }: AdamCoefficients,
  weightDecay: number,
) {
  return {
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    rate: learningRate / (1 - wholePower(beta1, updates + 1)),
    scale: 1 / Math.sqrt(1 - wholePower(beta2, updates + 1)),
    epsilon,
    keep: 1 - learningRate * weightDecay,
  };
}

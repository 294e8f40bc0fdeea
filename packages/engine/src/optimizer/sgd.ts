import { add, type ElementwiseKernel, multiply, subtract } from '../kernels/expression.js';

/** Gradient descent. */
export const sgdKernel: ElementwiseKernel<'parameter' | 'gradient', 'rate', 'parameter'> = {
  name: 'sgd',
  inputs: ['parameter', 'gradient'],
  scalars: ['rate'],
  outputs: ['parameter'],
  arithmetic: ({ parameter, gradient, rate }) => ({ parameter: subtract(parameter, multiply(rate, gradient)) }),
  reference({ parameter, gradient }, { rate }, next) {
    const { fround } = Math;
    for (let i = 0; i < parameter.length; i++) {
      next.parameter[i] = fround((parameter[i] as number) - fround(rate * (gradient[i] as number)));
    }
  },
};

type MomentumKernel = ElementwiseKernel<
  'parameter' | 'gradient' | 'momentum',
  'rate' | 'share',
  'parameter' | 'momentum'
>;

/** Along the running sum b ← share · b + g. */
export const momentumKernel: MomentumKernel = {
  name: 'momentum',
  inputs: ['parameter', 'gradient', 'momentum'],
  scalars: ['rate', 'share'],
  outputs: ['parameter', 'momentum'],
  arithmetic({ parameter, gradient, momentum, rate, share }) {
    const sum = add(multiply(share, momentum), gradient);
    return { parameter: subtract(parameter, multiply(rate, sum)), momentum: sum };
  },
  reference({ parameter, gradient, momentum }, { rate, share }, next) {
    const { fround } = Math;
    for (let i = 0; i < parameter.length; i++) {
      const sum = fround(fround(share * (momentum[i] as number)) + (gradient[i] as number));
      next.parameter[i] = fround((parameter[i] as number) - fround(rate * sum));
      next.momentum[i] = sum;
    }
  },
};

/** Nesterov's way (Sutskever 2013): along g + share · b, where that sum will lead next. */
export const nesterovKernel: MomentumKernel = {
  name: 'nesterov',
  inputs: ['parameter', 'gradient', 'momentum'],
  scalars: ['rate', 'share'],
  outputs: ['parameter', 'momentum'],
  arithmetic({ parameter, gradient, momentum, rate, share }) {
    const sum = add(multiply(share, momentum), gradient);
    const ahead = add(multiply(share, sum), gradient);
    return { parameter: subtract(parameter, multiply(rate, ahead)), momentum: sum };
  },
  reference({ parameter, gradient, momentum }, { rate, share }, next) {
    const { fround } = Math;
    for (let i = 0; i < parameter.length; i++) {
      const g = gradient[i] as number;
      const sum = fround(fround(share * (momentum[i] as number)) + g);
      const ahead = fround(fround(share * sum) + g);
      next.parameter[i] = fround((parameter[i] as number) - fround(rate * ahead));
      next.momentum[i] = sum;
    }
  },
};

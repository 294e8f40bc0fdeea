import { type ElementwiseKernel, normal, smallestNormal } from '../kernels/expression.js';

/**
 * Updates between two fadings. The momentum of a weight without gradient (a row of an embedding that no batch holds) halves
 * every few updates until it is too small for a normal float32, and there rounding keeps it from reaching 0: every further
 * update would pay for it. Looking in every update would cost Adam a third of its time.
 */
export const fadeInterval = 64;

/** Values too small for a normal float32 become 0. */
export const fadeKernel: ElementwiseKernel<'moment', never, 'moment'> = {
  name: 'fade',
  inputs: ['moment'],
  scalars: [],
  outputs: ['moment'],
  arithmetic: ({ moment }) => ({ moment: normal(moment) }),
  reference({ moment }, _scalars, faded) {
    for (let i = 0; i < moment.length; i++) {
      const value = moment[i] as number;
      faded.moment[i] = Math.abs(value) < smallestNormal ? 0 : value;
    }
  },
};

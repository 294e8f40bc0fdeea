import type { OptimizerSpec } from '@tributary/config';
import type { VectorKernels } from '../kernels/vector-kernels.js';
import { adamKernel, adamScalars } from './adam.js';
import { fadeKernel } from './fade.js';
import { lionKernel, lionScalars } from './lion.js';
import { type OptimizerUpdate, updatesOf } from './optimizer.js';
import { momentumKernel, nesterovKernel, sgdKernel } from './sgd.js';

/** What the kernels of all optimizers are. */
export const optimizerKernels = [adamKernel, lionKernel, sgdKernel, momentumKernel, nesterovKernel, fadeKernel];

/** One optimizer: the slots it keeps, and its update of vectors whose weights all decay, or none. */
export interface UpdateRule {
  readonly slots: readonly string[];
  readonly weightDecay: number;
  apply(kernels: VectorKernels, update: OptimizerUpdate, learningRate: number, weightDecay: number): void;
}

type Slots = readonly [Float32Array, Float32Array];

export function updateRule(spec: OptimizerSpec): UpdateRule {
  switch (spec.kind) {
    case 'adam':
    case 'adamw':
      return {
        slots: ['m', 'v'],
        weightDecay: spec.kind === 'adamw' ? spec.weightDecay : 0,
        apply(kernels, update, learningRate, weightDecay) {
          const { parameters, gradient, state, nextParameters, nextState } = update;
          const [m, v] = state as Slots;
          const [nextM, nextV] = nextState as Slots;
          kernels.run(
            adamKernel,
            adamScalars(updatesOf(update), learningRate, spec, weightDecay),
            { parameter: parameters, gradient, m, v },
            { parameter: nextParameters, m: nextM, v: nextV },
          );
        },
      };
    case 'lion':
      return {
        slots: ['momentum'],
        weightDecay: spec.weightDecay,
        apply(kernels, { parameters, gradient, state, nextParameters, nextState }, learningRate, weightDecay) {
          kernels.run(
            lionKernel,
            lionScalars(learningRate, { ...spec, weightDecay }),
            { parameter: parameters, gradient, momentum: state[0] as Float32Array },
            { parameter: nextParameters, momentum: nextState[0] as Float32Array },
          );
        },
      };
    case 'sgd':
      return spec.momentum > 0 ? momentumRule(spec.momentum, spec.nesterov) : plainRule;
  }
}

const plainRule: UpdateRule = {
  slots: [],
  weightDecay: 0,
  apply(kernels, { parameters, gradient, nextParameters }, rate) {
    kernels.run(sgdKernel, { rate }, { parameter: parameters, gradient }, { parameter: nextParameters });
  },
};

function momentumRule(share: number, nesterov: boolean): UpdateRule {
  const kernel = nesterov ? nesterovKernel : momentumKernel;
  return {
    slots: ['momentum'],
    weightDecay: 0,
    apply(kernels, { parameters, gradient, state, nextParameters, nextState }, rate) {
      kernels.run(
        kernel,
        { rate, share },
        { parameter: parameters, gradient, momentum: state[0] as Float32Array },
        { parameter: nextParameters, momentum: nextState[0] as Float32Array },
      );
    },
  };
}

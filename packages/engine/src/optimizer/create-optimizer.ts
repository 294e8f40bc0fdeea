import type { OptimizerSpec, ScheduleSpec } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import { applyAdam } from './adam.js';
import type { Optimizer, OptimizerUpdate } from './optimizer.js';
import { scheduleFactor } from './schedule.js';
import { applySgd } from './sgd.js';

function checkLengths(slots: readonly string[], update: OptimizerUpdate): void {
  const { parameters, gradient, nextParameters, state, nextState } = update;
  const whole = state.length === slots.length && nextState.length === slots.length;
  const arrays = [gradient, nextParameters, ...state, ...nextState];
  if (whole && arrays.every(({ length }) => length === parameters.length)) return;
  throw new TributaryError(
    'INTERNAL',
    `An update of ${parameters.length} parameters needs a gradient and the slots [${slots.join(', ')}] of that length, before and after.`,
  );
}

/**
 * The optimizer of a run.
 * @param totalSteps updates in the whole run, which the schedule spans
 */
export function createOptimizer(spec: OptimizerSpec, schedule: ScheduleSpec, totalSteps: number): Optimizer {
  const slots = spec.kind === 'adam' ? ['m', 'v'] : spec.momentum > 0 ? ['momentum'] : [];
  const learningRate = (step: number): number => spec.learningRate * scheduleFactor(schedule, totalSteps, step);
  return {
    slots,
    learningRate,
    apply(update) {
      checkLengths(slots, update);
      const rate = learningRate(update.step);
      if (spec.kind === 'adam') applyAdam(update, rate, spec);
      else applySgd(update, rate, spec.momentum);
    },
  };
}

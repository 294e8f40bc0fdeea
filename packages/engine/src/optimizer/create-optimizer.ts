import type { OptimizerSpec, ScheduleSpec } from '@tributary/config';
import type { ElementRange } from '@tributary/layout';
import { TributaryError } from '@tributary/protocol';
import { VectorKernels } from '../kernels/vector-kernels.js';
import { fadeInterval, fadeKernel } from './fade.js';
import { type Optimizer, type OptimizerUpdate, updatesOf } from './optimizer.js';
import { scheduleFactor } from './schedule.js';
import { optimizerKernels, updateRule } from './update-rule.js';

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

function partOf(update: OptimizerUpdate, start: number, end: number): OptimizerUpdate {
  const part = (vector: Float32Array): Float32Array => vector.subarray(start, end);
  return {
    step: update.step,
    updates: updatesOf(update),
    parameters: part(update.parameters),
    gradient: part(update.gradient),
    state: update.state.map(part),
    nextParameters: part(update.nextParameters),
    nextState: update.nextState.map(part),
  };
}

/** Calls `visit` for every stretch of weights that decay and of weights that do not, in order. */
function byDecay(
  elements: number,
  decayed: readonly ElementRange[],
  visit: (start: number, end: number, decays: boolean) => void,
): void {
  let position = 0;
  for (const { offset, size } of decayed) {
    if (offset > position) visit(position, offset, false);
    visit(offset, offset + size, true);
    position = offset + size;
  }
  if (position < elements) visit(position, elements, false);
}

/**
 * The optimizer of a run.
 * @param totalSteps updates in the whole run, which the schedule spans
 * @param way `javascript` computes without WebAssembly: the same bits, several times slower
 */
export function createOptimizer(
  spec: OptimizerSpec,
  schedule: ScheduleSpec,
  totalSteps: number,
  way: 'auto' | 'javascript' = 'auto',
): Optimizer {
  const kernels = new VectorKernels(optimizerKernels, way);
  const rule = updateRule(spec);
  const learningRate = (step: number): number => spec.learningRate * scheduleFactor(schedule, totalSteps, step);
  return {
    slots: rule.slots,
    learningRate,
    allocate: (lengths) => kernels.allocate(lengths),
    apply(update) {
      checkLengths(rule.slots, update);
      const rate = learningRate(update.step);
      const decayed = rule.weightDecay > 0 ? (update.decayed ?? []) : [];
      byDecay(update.parameters.length, decayed, (start, end, decays) =>
        rule.apply(kernels, partOf(update, start, end), rate, decays ? rule.weightDecay : 0),
      );
      if ((updatesOf(update) + 1) % fadeInterval !== 0) return;
      for (const moment of update.nextState) kernels.run(fadeKernel, {}, { moment }, { moment });
    },
  };
}

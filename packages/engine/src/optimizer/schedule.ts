import type { ScheduleSpec } from '@tributary/config';

/**
 * cos(π t) for t in 0..1, to the last bits of a float64, by additions and multiplications alone: unlike `Math.cos` it
 * gives the same bits in every JavaScript engine.
 */
export function cosineOfHalfTurn(t: number): number {
  const y = Math.PI * (0.5 - t);
  const square = y * y;
  let sum = 1;
  for (let k = 21; k > 1; k -= 2) sum = 1 - (sum * square) / (k * (k - 1));
  return y * sum;
}

/**
 * The share of the peak learning rate at a step (0 is the first update). All but `constant` rise linearly to 1 over
 * `warmupSteps`. Then `warmup-cosine` falls along half a cosine to `floor` at `totalSteps`, `linear` along a straight line;
 * `inverse-sqrt` is √(warmupSteps / updates) and does not look at `totalSteps`.
 */
export function scheduleFactor(schedule: ScheduleSpec, totalSteps: number, step: number): number {
  if (schedule.kind === 'constant') return 1;
  const { warmupSteps } = schedule;
  if (step < warmupSteps) return (step + 1) / warmupSteps;
  // Every engine takes the processor's square root, which IEEE 754 rounds exactly.
  if (schedule.kind === 'inverse-sqrt') return Math.sqrt(warmupSteps / (step + 1));
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const height = schedule.kind === 'linear' ? 1 - progress : 0.5 * (1 + cosineOfHalfTurn(progress));
  return schedule.floor + (1 - schedule.floor) * height;
}

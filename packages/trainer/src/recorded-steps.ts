import { type RunFile, stepsOfExchange } from '@tributary/config';

/**
 * Whether a step is recorded: every `records.every`-th, the first and the last of the budget, and every one with an evaluation.
 * A pure function of the run file, so that a step done again is recorded again. Where an exchange takes several steps, it stands
 * for all of them.
 * @param step the last step of the exchange
 */
export function isRecordedStep(
  spec: Pick<RunFile, 'records' | 'evaluation' | 'budget' | 'sync'>,
  step: number,
): boolean {
  const taken = stepsOfExchange(spec.sync);
  const holdsMultipleOf = (every: number): boolean => step % every < taken;
  return (
    step <= taken ||
    step >= spec.budget.steps ||
    holdsMultipleOf(spec.records.every) ||
    holdsMultipleOf(spec.evaluation.every)
  );
}
